package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestFigures measures the page in Chromium: make page.
func TestFigures(t *testing.T) {
	if os.Getenv("FIGURES") == "" {
		t.Skip("FIGURES is not set: run make page")
	}
	t.Run("weight and first paint", figureLoad)
	t.Run("200 messages a second", figureFlood)
	t.Run("memory", figureMemory)
	t.Run("scrolling back through 20,000 messages", func(t *testing.T) { scrollBack(t, 20_000) })
}

// figureLoad loads the page with an empty cache ten times, and in turn with it a page of one line. Each is closed before
// the next, so that no other page is at work.
func figureLoad(t *testing.T) {
	s := harness.StartServer(t, nil)
	line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!doctype html><title>line</title><p>one line")
	}))
	defer line.Close()
	const paint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`
	var paints, linePaints []float64
	for i := range 10 {
		t.Run(fmt.Sprint("line ", i), func(t *testing.T) {
			linePaints = append(linePaints, browser.Await[float64](browser.Visit(t, line.URL), paint))
		})
		t.Run(fmt.Sprint("page ", i), func(t *testing.T) {
			page := browser.Open(t, "http://"+s.HTTP)
			paints = append(paints, browser.Await[float64](page, paint))
			if i == 0 {
				figureWeight(t, page)
			}
		})
	}
	slices.Sort(paints)
	slices.Sort(linePaints)
	t.Logf("first paint after %.0f ms (median), %.0f ms (slowest of %d); a page of one line: %.0f ms, %.0f ms",
		paints[len(paints)/2], paints[len(paints)-1], len(paints), linePaints[len(linePaints)/2], linePaints[len(linePaints)-1])
}

// figureWeight logs the size of what the page has loaded.
func figureWeight(t *testing.T, page *browser.Page) {
	names := browser.Eval[[]string](page, `[location.href, ...performance.getEntriesByType("resource").filter((e) => e.initiatorType !== "fetch").map((e) => e.name)]`)
	plain, compressed := 0, 0
	for _, name := range names {
		body, wire := fetch(t, name)
		plain += len(body)
		compressed += wire
	}
	t.Logf("%d files of %d bytes, %d as the server sends them", len(names), plain, compressed)
}

// fetch returns the content of a URL, and its size as the server sends it to a browser.
func fetch(t *testing.T, url string) (body []byte, size int) {
	t.Helper()
	req, _ := http.NewRequest("GET", url, nil)
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	sent, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	if res.Header.Get("Content-Encoding") == "" {
		return sent, len(sent)
	}
	r, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if body, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return body, len(sent)
}

// figureFlood has 200 messages a second arrive for ten seconds, while the reader types. The page has shown its first
// message by then.
func figureFlood(t *testing.T) {
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	bot.Say(t, "first", "the first message")
	page.Expect("the first message")
	page.AwaitPaint()
	browser.Eval[bool](page, `(() => {
		window.tasks = [];
		window.inputs = [];
		new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
		new PerformanceObserver((list) => window.inputs.push(...list.getEntries().filter((e) => e.name === "keydown").map((e) => e.duration)))
			.observe({ type: "event", durationThreshold: 16 });
		return true;
	})()`)
	const batch, rate, seconds = 10, 200, 10
	ticks := time.NewTicker(time.Second * batch / rate)
	defer ticks.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rate * seconds / batch {
			<-ticks.C
			texts := make([]string, batch)
			for k := range texts {
				texts[k] = fmt.Sprintf("message %d of a flood, with some words and a link: https://example.org/%d", i*batch+k, k)
			}
			if err := bot.Send(map[string]any{"type": "say", "texts": texts, "ref": fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		}
	}()
	keys := 0
	for typing := true; typing; keys++ {
		page.Do(chromedp.SendKeys(chromedp.CSS("#text"), "x"))
		select {
		case <-done:
			typing = false
		default:
		}
	}
	page.Expect(fmt.Sprintf("message %d of a flood, with some words and a link: https://example.org/%d", rate*seconds-1, batch-1))
	tasks := browser.Eval[[]float64](page, `window.tasks`)
	inputs := browser.Eval[[]float64](page, `window.inputs`)
	slices.Sort(inputs)
	t.Logf("%d messages: %d tasks over 50 ms %v; %d keys, of which %d took 16 ms or more to the next paint: %v", rate*seconds, len(tasks), tasks, keys, len(inputs), inputs)
}

// figureMemory measures the heap of the page after 5,000 messages, and after 50,000 more.
func figureMemory(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.History.Messages = 60_000 })
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	said := 0
	heapAt := func(n int) float64 {
		sayMany(t, bot, said, n-said)
		said = n
		browser.Await[bool](page, fmt.Sprintf(`[...document.querySelectorAll("#log .message .text")].at(-1)?.innerText.startsWith("message %d")`, n-1))
		mb := heap(t, page) / 1e6
		t.Logf("%6d messages: %.1f MB, %d elements", n, mb, browser.Eval[int](page, `document.querySelectorAll("*").length`))
		return mb
	}
	before := heapAt(5_000)
	for n := 15_000; n < 55_000; n += 10_000 {
		heapAt(n)
	}
	t.Logf("%.1f MB more after 50,000 further messages", heapAt(55_000)-before)
}

// heap returns the bytes that the page uses after a collection.
func heap(t *testing.T, page *browser.Page) (bytes float64) {
	t.Helper()
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return err
		}
		usage, err := cdp.Call(ctx, target, runtime.GetHeapUsage, cdp.Empty{})
		if err == nil {
			bytes = usage.UsedSize
		}
		return err
	}))
	return bytes
}
