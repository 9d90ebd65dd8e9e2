package hub

import (
	"errors"
	"slices"
	"time"

	"partyline/hub/admission"
	"partyline/hub/directory"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// claim claims a name for m at all servers, with the Proof and Later of a Claim. bad says why m can't have the name. The
// caller holds no lock, and gives the name to m then.
func (h *Hub) claim(m *member, nick string, c directory.Claim) (answer directory.Answer, bad *wire.Refusal) {
	d := h.opt.Directory
	if d == nil {
		return directory.Answer{OK: true}, nil
	}
	c.ID, c.Token = h.nicks.idOf(m)
	c.Skeletons = names.Skeletons(nick)
	answer, err := d.Claim(c)
	switch {
	case err != nil:
		return answer, &wire.Refusal{Code: wire.CodeUnavailable, Message: "names can't be taken now, try again in a moment"}
	case !answer.OK:
		return answer, nickTaken(nick)
	}
	return answer, nil
}

// publishName tells the other servers that the identity of m has a name: they may have members of it.
func (h *Hub) publishName(m *member, nick string) {
	if d := h.opt.Directory; d != nil {
		id, _ := h.nicks.idOf(m)
		d.Publish(directory.Change{Kind: directory.Named, Member: directory.Member{ID: id, Nick: nick}})
	}
}

// unclaim gives up a name that m has claimed, unless an identity of this server has it.
func (h *Hub) unclaim(m *member, nick string) {
	if d := h.opt.Directory; d != nil {
		id, _ := h.nicks.idOf(m)
		h.nicks.releaseUnused(id, names.Skeletons(nick))
	}
}

// idOf returns the id and the token of m's identity.
func (n *nicks) idOf(m *member) (id, token string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return m.identity.id, m.identity.token
}

// releaseUnused gives up skeletons that no identity of this server has.
func (n *nicks) releaseUnused(id string, skeletons []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	unused := slices.DeleteFunc(slices.Clone(skeletons), func(s string) bool { return n.bySkeleton[s] != nil })
	if len(unused) > 0 {
		n.directory.Release(id, unused)
	}
}

// adopt gives m's identity, which loses its name, the id and the token of one that m resumes from another server. It
// returns false if this server has that identity already.
func (n *nicks) adopt(m *member, id, token string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byToken[token] != nil || m.replaced.Load() {
		return false
	}
	n.forgetLocked(m.identity)
	n.nameLocked(m.identity, id, token)
	return true
}

// byID returns the members of the identity with an id.
func (n *nicks) byID(id string) []*member {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := n.byIdentity[id]
	if found == nil {
		return nil
	}
	return slices.Clone(found.members)
}

// disown takes the identity with an id, which another server has now, from its members, as if they were replaced. It
// returns them.
func (n *nicks) disown(id string) []*member {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := n.byIdentity[id]
	if found == nil {
		return nil
	}
	members := found.members
	for _, m := range members {
		m.replaced.Store(true)
	}
	found.members, found.displaced = nil, append(found.displaced, members...)
	n.departed = slices.DeleteFunc(n.departed, func(other *identity) bool { return other == found })
	n.forgetLocked(found)
	return members
}

// publishLocked tells the other servers of a change of m, which is or was announced. The caller holds r.mu.
func (r *room) publishLocked(kind string, m *member, text string) {
	d := r.hub.opt.Directory
	if d == nil {
		return
	}
	d.Publish(directory.Change{Kind: kind, Member: m.listedLocked(r), Text: text})
}

// listedLocked returns m as other servers list it. The caller holds r.mu.
func (m *member) listedLocked(r *room) directory.Member {
	return directory.Member{Room: r.name, ID: m.publishedAs, Nick: m.nick, Via: m.via}
}

// resumeElsewhere gives m, which is in no room, the name and the identity of a token that another server has given out.
// It returns false if the token is not valid.
func (s *session) resumeElsewhere(q *wire.Request) (moved directory.Answer, ok bool) {
	if s.hub.opt.Directory == nil || q.Name == "" {
		return directory.Answer{}, false
	}
	nick, bad := nickName(q.Name)
	if bad != nil {
		return directory.Answer{}, false
	}
	answer, bad := s.hub.claim(&s.member, nick, directory.Claim{Proof: q.Token})
	if bad != nil || !answer.Resumed || !s.hub.nicks.adopt(&s.member, answer.ID, q.Token) {
		return directory.Answer{}, false
	}
	return answer, s.hub.nicks.takeFirst(&s.member, nick)
}

// peerCounts returns how many members other servers have in each room.
func (h *Hub) peerCounts() map[string]int {
	if h.opt.Directory == nil {
		return nil
	}
	return h.peers.counts()
}

// sendElsewhere sends a private message to a member of another server. ok is false if there is none with the name.
func (s *session) sendElsewhere(q *wire.Request) (ok bool, err error) {
	d := s.hub.opt.Directory
	if d == nil {
		return false, nil
	}
	to, ok := s.hub.peers.find(q.Name)
	if !ok {
		return false, nil
	}
	from, err := s.speaker()
	if err != nil {
		return true, err
	}
	switch err := d.Send(to.server, directory.Private{From: from, To: to.ID, ToNick: to.Nick, Text: q.Text}); {
	case err == nil:
	case errors.Is(err, directory.ErrGone):
		return false, nil
	case errors.Is(err, directory.ErrBehind):
		return true, tooFarBehind(to.Nick)
	default:
		return true, &wire.Refusal{Code: wire.CodeUnavailable, Message: "the server of " + to.Nick + " does not answer: try again in a moment"}
	}
	s.reply(&wire.Private{At: time.Now(), From: from, To: to.Nick, Text: q.Text, Sent: true})
	s.acknowledge(q)
	return true, nil
}

// A peerHub is a hub as its Directory sees it.
type peerHub struct{ *Hub }

var _ directory.Hub = peerHub{}

// Members implements directory.Hub.
func (h peerHub) Members() (members []directory.Member) {
	h.mu.Lock()
	rooms := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	h.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		for _, m := range r.members[:r.announced] {
			members = append(members, m.listedLocked(r))
		}
		r.mu.Unlock()
	}
	return members
}

// Apply implements directory.Hub.
func (h peerHub) Apply(server string, c directory.Change) {
	switch {
	case c.Kind == directory.Named:
		h.follow(c)
		return
	case c.Kind == directory.Left && len(h.nicks.byID(c.ID)) > 0: // the other server may have given up its name
		h.opt.Directory.Renew(c.ID)
	}
	h.mu.Lock()
	r := h.rooms[c.Room]
	if r == nil {
		h.peers.apply(server, c, h.uptime()) // with h.mu held, so that no session creates the room in between
		h.mu.Unlock()
		return
	}
	r.mu.Lock()
	h.mu.Unlock()
	defer r.mu.Unlock()
	total := r.totalLocked()
	before, noticed := h.peers.apply(server, c, h.uptime())
	switch {
	case r.hasIdentityLocked(c.ID):
		h.peers.cover(c.Room, c.ID)
	case !noticed:
	case c.Kind == directory.Left:
		r.presence.sendLeftLocked(before, c.Text)
	case before == "":
		if !r.presence.batchJoinLocked(total) {
			r.broadcastLocked(&wire.Joined{At: time.Now(), Room: r.name, Nick: c.Nick, Via: c.Via})
		}
	default:
		r.broadcastLocked(&wire.Renamed{At: time.Now(), Room: r.name, Nick: before, To: c.Nick})
	}
}

// takeOverLocked covers the identity of m, which joins the room on this server, among those on other servers. It returns
// false if it is not among them.
func (r *room) takeOverLocked(m *member) bool {
	if r.hub.opt.Directory == nil {
		return false
	}
	id, _ := r.hub.nicks.idOf(m)
	return r.hub.peers.cover(r.name, id)
}

// isElsewhereLocked uncovers the identity of m, which leaves the room. It reports whether the room has it on another
// server: it was resumed there.
func (r *room) isElsewhereLocked(m *member) bool {
	return r.hub.opt.Directory != nil && r.hub.peers.uncover(r.name, m.publishedAs)
}

// hasIdentityLocked reports whether an announced member of the room has an identity, which moves from server to server.
func (r *room) hasIdentityLocked(id string) bool {
	return slices.ContainsFunc(r.members[:r.announced], func(m *member) bool { return m.publishedAs == id })
}

// Replace implements directory.Hub.
func (h peerHub) Replace(server string, members []directory.Member) {
	type key struct{ room, id string }
	present := make(map[key]bool, len(members))
	for _, m := range members {
		present[key{m.Room, m.ID}] = true
	}
	for _, m := range h.peers.of(server) {
		if !present[key{m.Room, m.ID}] {
			h.Apply(server, directory.Change{Kind: directory.Left, Member: m})
		}
	}
	for _, m := range members {
		h.Apply(server, directory.Change{Kind: directory.Joined, Member: m})
	}
}

// Deliver implements directory.Hub.
func (h peerHub) Deliver(p directory.Private) error {
	members := h.nicks.byID(p.To)
	if len(members) == 0 {
		return directory.ErrGone
	}
	if !members[0].out.offer(nil, &wire.Private{At: time.Now(), From: p.From, To: p.ToNick, Text: p.Text}) {
		return directory.ErrBehind
	}
	return nil
}

// End implements directory.Hub.
func (h peerHub) End(id string) {
	for _, m := range h.nicks.disown(id) {
		m.whileInRoom(func(r *room) { r.departLocked(m) })
		h.endReplaced(m)
	}
}

// Rename implements directory.Hub.
func (h peerHub) Rename(id string) {
	for {
		members := h.nicks.byID(id)
		if len(members) == 0 || h.renameAll(members[0], names.Guest()) {
			return
		}
	}
}

// follow gives the identity of this server that another server has renamed the same name.
func (h peerHub) follow(c directory.Change) {
	if members := h.nicks.byID(c.ID); len(members) > 0 && h.nicks.nickOf(members[0]) != c.Nick {
		h.renameAll(members[0], c.Nick)
	}
}

// renameAll gives the members of m's identity a name, which is claimed later. It returns false if it is taken on this
// server.
func (h *Hub) renameAll(m *member, nick string) bool {
	drop, ok := h.renameClaimed(m, nick)
	if !ok {
		return false
	}
	m.whileInRoom(func(r *room) { r.updateNickLocked(m) })
	drop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.members[m]; ok {
		m.wg.Go(func() {
			h.claim(m, nick, directory.Claim{Later: true})
			h.unclaim(m, nick) // if m has left meanwhile
		})
	}
	return true
}

// Uses implements directory.Hub.
func (h peerHub) Uses() []admission.Use { return h.gate.Report() }

// NoteUses implements directory.Hub.
func (h peerHub) NoteUses(server string, uses []admission.Use) { h.gate.NoteElsewhere(server, uses) }
