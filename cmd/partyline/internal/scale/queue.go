package main

import "container/heap"

// A clock runs events in the order of their times. The zero clock has none.
type clock struct {
	now    float64 // s
	events events
	last   uint64 // number of the newest event
}

type event struct {
	at     float64
	number uint64 // events at the same time run in the order in which they were added
	do     func()
}

// at makes do run at a time, which is not in the past.
func (c *clock) at(t float64, do func()) {
	c.last++
	heap.Push(&c.events, event{t, c.last, do})
}

// run runs all events, and those that they add.
func (c *clock) run() {
	for len(c.events) > 0 {
		e := heap.Pop(&c.events).(event)
		c.now = e.at
		e.do()
	}
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}

// A cost is the time of a server for a job, in seconds: once for the job, and for each of its items.
type cost struct{ wake, each float64 }

func (c cost) times(n float64) cost { return cost{c.wake * n, c.each * n} }

// A part has servers, such as the cores of a machine, which take the jobs in the order in which they arrive.
type part struct {
	clock   *clock
	servers int
	busy    int
	waiting []*job
	joined  map[int]*job // those that wait, by key

	work  float64 // seconds of all jobs
	floor float64 // seconds of their items only: what is left of work if jobs have very many items
	items int
}

type job struct {
	key  int
	time float64
	done []func()
}

func newPart(c *clock, servers int) *part {
	return &part{clock: c, servers: servers, joined: make(map[int]*job)}
}

// noKey is the key of items that have a job of their own.
const noKey = -1

// add adds an item. It joins the job with its key if that waits, as messages that arrive while a goroutine is not running
// are handled together. done, if it is not nil, is called at the end of the job.
func (p *part) add(key int, c cost, done func()) {
	p.items++
	p.floor += c.each
	j := p.joined[key]
	if j == nil {
		j = &job{key: key, time: c.wake}
		p.work += c.wake
		p.waiting = append(p.waiting, j)
		if key != noKey {
			p.joined[key] = j
		}
	}
	j.time += c.each
	p.work += c.each
	if done != nil {
		j.done = append(j.done, done)
	}
	p.serve()
}

// serve starts jobs while servers are free.
func (p *part) serve() {
	for p.busy < p.servers && len(p.waiting) > 0 {
		j := p.waiting[0]
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
		delete(p.joined, j.key)
		p.busy++
		p.clock.at(p.clock.now+j.time, func() {
			p.busy--
			for _, done := range j.done {
				done()
			}
			p.serve()
		})
	}
}
