package web

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// placesWait is the longest time for which a request waits for its place.
	placesWait = time.Second
	// addressRate and addressBurst limit the requests from one address: each second, and at once.
	addressRate  = 10
	addressBurst = 40
	// minSweep is the least number of addresses of which some are forgotten.
	minSweep = 1024
)

// places bounds the work that is done for requests: at the same time for all of them, and over time for
// those of one address. A request above a limit waits.
type places struct {
	exempt func(netip.Addr) bool // nil if no address is
	taken  chan struct{}         // has an element for each place that is taken

	mu        sync.Mutex
	addresses map[netip.Prefix]*rate.Limiter
	sweepAt   int // the number of addresses at which those that have not requested anything lately are forgotten
}

func newPlaces(exempt func(netip.Addr) bool) *places {
	return &places{
		exempt: exempt, taken: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)),
		addresses: make(map[netip.Prefix]*rate.Limiter), sweepAt: minSweep,
	}
}

// take waits for a place for a request from an address, as in http.Request.RemoteAddr. It returns false
// if there is none within placesWait. The caller calls leave when the work is done.
func (p *places) take(ctx context.Context, remote string) (leave func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, placesWait)
	defer cancel()
	peer, _ := netip.ParseAddrPort(remote) // a peer on a unix socket has the zero Addr
	addr := peer.Addr().Unmap().WithZone("")
	if p.exempt == nil || !p.exempt(addr) {
		if p.limiter(addr).Wait(ctx) != nil {
			return nil, false
		}
	}
	select {
	case p.taken <- struct{}{}:
		return func() { <-p.taken }, true
	case <-ctx.Done():
		return nil, false
	}
}

// limiter returns the limiter of an IPv4 address, or of an IPv6 /64.
func (p *places) limiter(addr netip.Addr) *rate.Limiter {
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	network, _ := addr.Prefix(bits) // the zero Prefix for the zero Addr
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.addresses[network]
	if l == nil {
		p.sweepLocked()
		l = rate.NewLimiter(addressRate, addressBurst)
		p.addresses[network] = l
	}
	return l
}

// sweepLocked forgets the addresses that have their whole allowance again, if there are twice as many as
// the last time left.
func (p *places) sweepLocked() {
	if len(p.addresses) < p.sweepAt {
		return
	}
	for network, l := range p.addresses {
		if l.Tokens() >= addressBurst {
			delete(p.addresses, network)
		}
	}
	p.sweepAt = max(2*len(p.addresses), minSweep)
}
