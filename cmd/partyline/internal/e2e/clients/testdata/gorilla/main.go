// Command gorilla sends each line of its standard input over github.com/gorilla/websocket,
// and prints the messages that it receives. Its argument selects what it does at the end of
// its input.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	ws, _, err := websocket.DefaultDialer.Dial(os.Getenv("URL"), nil)
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			_, text, err := ws.ReadMessage()
			if err != nil {
				code := -1
				if closing := (*websocket.CloseError)(nil); errors.As(err, &closing) {
					code = closing.Code
				}
				fmt.Println("closed", code)
				return
			}
			fmt.Println(string(text))
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := ws.WriteMessage(websocket.TextMessage, lines.Bytes()); err != nil {
			log.Fatal(err)
		}
	}
	switch os.Args[1] {
	case "close": // with a closing handshake
		goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Minute))
	case "drop": // without a closing handshake
		ws.Close()
	case "reset":
		ws.NetConn().(*net.TCPConn).SetLinger(0)
		ws.Close()
	case "exit":
		return
	}
	<-closed
}
