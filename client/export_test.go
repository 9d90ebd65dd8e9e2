package client

import (
	"context"
	"time"
)

// Eager returns o for a Client that reconnects, and asks for its name again, after about delay.
func Eager(delay time.Duration, o Options) Options {
	o.delay = delay
	return o
}

// Impatient returns o for a Client that gives up a link over which nothing arrives for a time.
func Impatient(silence time.Duration, o Options) Options {
	o.silence = silence
	return o
}

// DialAny is Dial for several addresses, of which each means one target.
func DialAny(ctx context.Context, addresses []string, o Options) (*Client, error) {
	var targets []*target
	for _, address := range addresses {
		one, err := parseAddress(address)
		if err != nil {
			return nil, err
		}
		targets = append(targets, one...)
	}
	return dialAny(ctx, "chat.example", targets, o)
}
