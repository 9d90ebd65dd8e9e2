package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/wire"
)

// fetchTimeout bounds the wait for each message of a read.
const fetchTimeout = 3 * time.Second

// A fetched message is one that was read from the stream.
type fetched struct {
	received
	after int // how many messages of its room are newer
}

// fetch returns messages of a room, or of allRooms, from a sequence on, oldest first: at most limit, and at least one if there is one.
// Any replica answers, which may lack the newest messages.
func (p *partition) fetch(room string, from int64, limit int) ([]fetched, error) {
	request, err := json.Marshal(map[string]any{"next_by_subj": p.filter(room), "seq": max(from, 1), "batch": limit})
	if err != nil {
		return nil, err
	}
	nc := p.journal.nc
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer answers.Unsubscribe()
	if err := nc.PublishRequest(p.api("DIRECT.GET."+p.stream), inbox, request); err != nil {
		return nil, err
	}
	var found []fetched
	for {
		m, err := answers.NextMsg(fetchTimeout)
		if err != nil {
			return nil, err
		}
		switch m.Header.Get("Status") {
		case "":
			f := fetched{}
			var err, err2 error
			f.received, err = p.direct(m)
			f.after, err2 = strconv.Atoi(m.Header.Get("Nats-Num-Pending"))
			if err := errors.Join(err, err2); err != nil {
				return nil, err
			}
			found = append(found, f)
		case "204", "404": // the end
			return found, nil
		default:
			return nil, readError(m)
		}
	}
}

// next returns the oldest message of a room from a sequence on, and whether there is one. It is much faster than fetch, since
// NATS does not count the newer messages. Any replica answers.
func (p *partition) next(room string, from int64) (r received, ok bool, err error) {
	request, err := json.Marshal(map[string]any{"next_by_subj": p.subject(room), "seq": max(from, 1)})
	if err != nil {
		return r, false, err
	}
	m, err := p.journal.nc.Request(p.api("DIRECT.GET."+p.stream), request, fetchTimeout)
	if err != nil {
		return r, false, err
	}
	switch status := m.Header.Get("Status"); status {
	case "":
		r, err = p.direct(m)
		return r, err == nil, err
	case "404":
		return r, false, nil
	default:
		return r, false, readError(m)
	}
}

// readError returns the error of an answer with another status than those of a message and of the end.
func readError(m *nats.Msg) error {
	return fmt.Errorf("NATS answers a read with status %s %s", m.Header.Get("Status"), m.Header.Get("Description"))
}

// api returns the subject of a request to JetStream.
func (p *partition) api(request string) string {
	if d := p.journal.opt.Domain; d != "" {
		return "$JS." + d + ".API." + request
	}
	return "$JS.API." + request
}

// direct returns the message of an answer to a direct get.
func (p *partition) direct(m *nats.Msg) (r received, err error) {
	var err2 error
	r.sequence, err = strconv.ParseInt(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	r.at, err2 = time.Parse(time.RFC3339Nano, m.Header.Get(jetstream.TimeStampHeaer))
	r.subject, r.data = m.Header.Get(jetstream.SubjectHeader), m.Data
	p.identify(&r, m.Header)
	return r, errors.Join(err, err2)
}

// hasNewer reports whether the leader has a message of a room with after < sequence <= upTo.
func (p *partition) hasNewer(room string, after, upTo int64) (bool, error) {
	if after >= upTo {
		return false, nil
	}
	request, err := json.Marshal(map[string]any{"next_by_subj": p.filter(room), "seq": after + 1})
	if err != nil {
		return false, err
	}
	answer, err := p.journal.nc.Request(p.api("STREAM.MSG.GET."+p.stream), request, fetchTimeout)
	if err != nil {
		return false, err
	}
	var a struct {
		Message struct {
			Sequence int64 `json:"seq"`
		} `json:"message"`
		Error *struct {
			Number      int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &a); err != nil {
		return false, err
	}
	const notFound = 10037
	switch {
	case a.Error == nil:
		return a.Message.Sequence <= upTo, nil
	case a.Error.Number == notFound:
		return false, nil
	}
	return false, &refusedError{a.Error.Number, a.Error.Description}
}

// messages returns the valid messages of what was fetched.
func (p *partition) messages(found []fetched) []*wire.Message {
	messages := make([]*wire.Message, 0, len(found))
	for _, f := range found {
		if m, _, err := p.parse(f.received); err == nil {
			messages = append(messages, m)
		}
	}
	return messages
}
