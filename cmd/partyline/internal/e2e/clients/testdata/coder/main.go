// Command coder sends each line of its standard input over github.com/coder/websocket, and
// prints the messages that it receives. Its argument selects what it does at the end of its
// input.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/coder/websocket"
)

func main() {
	ctx := context.Background()
	ws, _, err := websocket.Dial(ctx, os.Getenv("URL"), nil)
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			_, text, err := ws.Read(ctx)
			if err != nil {
				fmt.Println("closed", int(websocket.CloseStatus(err)))
				return
			}
			fmt.Println(string(text))
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := ws.Write(ctx, websocket.MessageText, lines.Bytes()); err != nil {
			log.Fatal(err)
		}
	}
	switch os.Args[1] {
	case "close": // with a closing handshake
		ws.Close(websocket.StatusNormalClosure, "")
	case "drop": // without a closing handshake
		ws.CloseNow()
	case "exit":
		return
	}
	<-closed
}
