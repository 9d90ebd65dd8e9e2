package client_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"partyline/client"
)

// A bot that answers "ping".
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "localhost:4000", client.Options{Nick: "pong"})
	if err != nil {
		log.Fatal(err)
	}
	for event := range c.Events(ctx) {
		if m, ok := event.(*client.Message); ok && m.Text == "ping" {
			c.Say(ctx, m.From+": pong")
		}
	}
	log.Fatal(c.Err()) // Events does not end when the connection breaks
}

// A log of a room that is complete: it starts with everything that the server keeps, and fills the gaps.
func ExampleClient_Fill() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "https://chat.example/", client.Options{Room: "ops", Since: client.All})
	if err != nil {
		log.Fatal(err)
	}
	for event := range c.Events(ctx) {
		switch e := event.(type) {
		case *client.Message:
			fmt.Println(e.ID, e.From, e.Text)
		case *client.Gap:
			missed, err := c.Fill(ctx, e)
			for _, m := range missed {
				fmt.Println(m.ID, m.From, m.Text)
			}
			if err != nil || e.Lost {
				fmt.Println("some messages are lost")
			}
		}
	}
}

// A bridge between two rooms, with one name in both.
func ExampleClient_Open() {
	ctx := context.Background()
	lobby, err := client.Dial(ctx, "https://chat.example/", client.Options{Nick: "bridge"})
	if err != nil {
		log.Fatal(err)
	}
	ops, err := lobby.Open(ctx, "ops")
	if err != nil {
		log.Fatal(err)
	}
	for event := range lobby.Events(ctx) {
		if m, ok := event.(*client.Message); ok && m.From != lobby.Nick() {
			ops.Say(ctx, m.From+" says in the lobby: "+m.Text)
		}
	}
}

// Many messages on their way at once, as a program that pipes a file needs them.
func ExampleClient_Post() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "tls://chat.example", client.Options{Nick: "web1"})
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines("one\ntwo\nthree\n") {
		err := c.Post(ctx, line, func(id int64, err error) {
			if err != nil {
				log.Printf("%q is not said: %v", line, err)
			}
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := c.Flush(ctx); err != nil { // until the server has them all
		log.Fatal(err)
	}
	c.Close()
}
