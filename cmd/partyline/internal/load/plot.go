//go:build linux

package load

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"os"
	"strings"
)

// Plot writes an SVG file with two charts: the distribution of the latency, and the
// deliveries per second over time.
func (rep *Report) Plot(name string) error { return os.WriteFile(name, rep.svg(), 0o644) }

const (
	plotWidth  = 760
	plotHeight = 260
	plotLeft   = 90
	plotTop    = 40
)

// A chart has one line. Coordinates are between 0 and 1.
type chart struct {
	title string
	x, y  []label
	line  [][2]float64
}

type label struct {
	at   float64
	text string
}

func (rep *Report) svg() []byte {
	var b bytes.Buffer
	charts := []chart{rep.latencyChart(), rep.throughputChart()}
	height := 40 + len(charts)*(plotHeight+2*plotTop)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		plotWidth+plotLeft+40, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	fmt.Fprintf(&b, `<text x="%d" y="26" font-size="14">%s</text>`+"\n", plotLeft, html.EscapeString(rep.Plan.String()))
	for i, c := range charts {
		fmt.Fprintf(&b, `<g transform="translate(%d,%d)">`+"\n", plotLeft, 40+plotTop+i*(plotHeight+2*plotTop))
		c.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (c *chart) draw(b *bytes.Buffer) {
	fmt.Fprintf(b, `<text y="-10" font-weight="bold">%s</text>`+"\n", html.EscapeString(c.title))
	for _, l := range c.x {
		x := l.at * plotWidth
		fmt.Fprintf(b, `<path d="M%.1f 0V%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x, plotHeight, x, plotHeight+16, html.EscapeString(l.text))
	}
	for _, l := range c.y {
		y := (1 - l.at) * plotHeight
		fmt.Fprintf(b, `<path d="M0 %.1fH%d" stroke="#ddd"/><text x="-6" y="%.1f" text-anchor="end">%s</text>`+"\n",
			y, plotWidth, y+4, html.EscapeString(l.text))
	}
	points := make([]string, len(c.line))
	for i, p := range c.line {
		points[i] = fmt.Sprintf("%.1f,%.1f", p[0]*plotWidth, (1-p[1])*plotHeight)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="#06c" stroke-width="2"/>`+"\n", strings.Join(points, " "))
	fmt.Fprintf(b, `<path d="M0 0V%d H%d" fill="none" stroke="black"/>`+"\n", plotHeight, plotWidth)
}

// latencyChart returns the latency by percentile. Each additional nine of the percentile has
// the same width, and each power of ten of the latency the same height.
func (rep *Report) latencyChart() chart {
	const nines = 5
	c := chart{title: "latency by percentile"}
	for i, text := range []string{"0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"} {
		c.x = append(c.x, label{float64(i) / nines, text})
	}
	h := rep.latency
	if h == nil || h.TotalCount() == 0 {
		return c
	}
	low := math.Floor(math.Log10(float64(max(h.Min(), 1))))
	high := max(math.Ceil(math.Log10(float64(max(h.Max(), 1)))), low+1)
	for d := low; d <= high; d++ {
		c.y = append(c.y, label{(d - low) / (high - low), duration(math.Pow(10, d-3))})
	}
	const steps = 200
	for i := range steps + 1 {
		x := float64(i) / steps
		ns := h.ValueAtPercentile(100 * (1 - math.Pow(10, -x*nines)))
		c.line = append(c.line, [2]float64{x, (math.Log10(float64(max(ns, 1))) - low) / (high - low)})
	}
	return c
}

// throughputChart returns the deliveries per second between the points of the series.
func (rep *Report) throughputChart() chart {
	c := chart{title: "deliveries per second over time"}
	var rates [][2]float64
	most := 1.0
	for i := 1; i < len(rep.Series); i++ {
		p, q := rep.Series[i-1], rep.Series[i]
		if q.Seconds-p.Seconds < seriesInterval.Seconds()/2 { // the last interval may be short
			continue
		}
		rate := float64(q.Deliveries-p.Deliveries) / (q.Seconds - p.Seconds)
		rates = append(rates, [2]float64{q.Seconds, rate})
		most = max(most, rate)
	}
	const marks = 5
	step := roundUp(most / marks)
	for i := range marks + 1 {
		at := float64(i) / marks
		c.y = append(c.y, label{at, count(int64(float64(i) * step))})
		c.x = append(c.x, label{at, fmt.Sprintf("%.3g s", at*rep.Seconds)})
	}
	for _, r := range rates {
		c.line = append(c.line, [2]float64{min(r[0]/rep.Seconds, 1), r[1] / (marks * step)})
	}
	return c
}

// roundUp returns the smallest number, at least x, that is 1, 2, or 5 times a power of ten.
func roundUp(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, f := range []float64{1, 2, 5} {
		if x <= f*power {
			return f * power
		}
	}
	return 10 * power
}
