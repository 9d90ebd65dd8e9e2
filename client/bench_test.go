package client_test

import (
	"context"
	"strings"
	"testing"

	"partyline/client"
)

// BenchmarkPost says messages of 100 bytes and receives each, with its ack. The server runs in the same
// process.
func BenchmarkPost(b *testing.B) {
	for _, way := range []string{"tcp", "ws"} {
		b.Run(way, func(b *testing.B) {
			s := newServer(b)
			address := map[string]string{"tcp": s.tcp, "ws": "ws://" + s.http}[way]
			c := dial(b, address, client.Options{})
			next(b, c, anyOf[*client.Welcome])
			text := strings.Repeat("x", 100)
			b.ReportAllocs()
			b.ResetTimer()
			received := make(chan struct{})
			go func() {
				defer close(received)
				for n := 0; n < b.N; {
					e, err := c.Next(context.Background())
					if err != nil {
						b.Error(err)
						return
					}
					if _, ok := e.(*client.Message); ok {
						n++
					}
				}
			}()
			for range b.N {
				if err := c.Post(context.Background(), text, func(_ int64, err error) {
					if err != nil {
						b.Error(err)
					}
				}); err != nil {
					b.Fatal(err)
				}
			}
			<-received
		})
	}
}
