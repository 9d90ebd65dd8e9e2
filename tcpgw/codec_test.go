package tcpgw

import (
	"testing"

	"partyline/hub/wire"
)

// TestCodecBye checks that only the text has the hint about netcat, and that the event is unchanged.
func TestCodecBye(t *testing.T) {
	bye := &wire.Bye{Reason: "quit", Text: "you left"}
	for range 2 {
		if got, want := string(textCodec{}.Append(nil, bye)), "-- goodbye: you left (Ctrl-C ends netcat) --\n"; got != want {
			t.Errorf("text: %q, want %q", got, want)
		}
		if got, want := string(jsonCodec{}.Append(nil, bye)), `{"type":"bye","reason":"quit","reconnect":false,"after_ms":0}`+"\n"; got != want {
			t.Errorf("JSON: %q, want %q", got, want)
		}
	}
}

// TestCodecNothing encodes an event that has no JSON.
func TestCodecNothing(t *testing.T) {
	if got := string(jsonCodec{}.Append([]byte("x"), wire.Marker("live"))); got != "x" {
		t.Errorf("%q", got)
	}
}
