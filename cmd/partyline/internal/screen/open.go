package screen

import (
	"context"

	"partyline/client"
)

// open enters another room of a client's server.
func open(ctx context.Context, c *client.Client, room string) (*client.Client, error) {
	return client.Dial(ctx, c.Address(), client.Options{Room: room})
}
