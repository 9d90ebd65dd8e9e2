package transcript

import "slices"

// Say shows a message of the reader that the server has not acknowledged, after everything else. The key names it
// for Acked and Failed.
func (v *View) Say(key, text string, isAction bool) {
	e := &entry{key: key, at: v.render.now(), from: v.render.own, text: text, own: true}
	if isAction {
		e.kind = action
	}
	v.pending = append(v.pending, e)
}

// Tell is Say for a private message.
func (v *View) Tell(key, to, text string) {
	v.pending = append(v.pending, &entry{
		kind: whisper, key: key, at: v.render.now(), from: v.render.own, to: to, text: text, own: true,
	})
}

// Acked says that the server has acknowledged a message, whose id is 0 if it is private. The message is shown as
// pending until it arrives.
func (v *View) Acked(key string, id int64) {
	i := v.findPending(key)
	if i < 0 {
		return
	}
	v.pending[i].id = id
	if id <= v.newest {
		v.pending = slices.Delete(v.pending, i, i+1)
	}
}

// Failed says that a message was not said, and why. It stays as an error.
func (v *View) Failed(key, reason string) {
	text := "not sent (" + reason + ")"
	if i := v.findPending(key); i >= 0 {
		text += ": " + v.pending[i].text
		v.pending = slices.Delete(v.pending, i, i+1)
	}
	v.AddLine(Failure, text)
}

func (v *View) findPending(key string) int {
	return slices.IndexFunc(v.pending, func(e *entry) bool { return e.key == key })
}

// settle removes the pending message that has arrived as e. It may arrive before its ack: then it is the first
// one with the same text.
func (v *View) settle(e *entry) {
	if !e.own || len(v.pending) == 0 {
		return
	}
	i := -1
	if e.id != 0 {
		i = slices.IndexFunc(v.pending, func(p *entry) bool { return p.id == e.id })
	}
	if i < 0 {
		i = slices.IndexFunc(v.pending, func(p *entry) bool { return p.id == 0 && p.kind == e.kind && p.text == e.text })
	}
	if i >= 0 {
		v.pending = slices.Delete(v.pending, i, i+1)
	}
}
