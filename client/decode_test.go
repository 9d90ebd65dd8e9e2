package client

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzDecode compares what scan decodes with encoding/json.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		`{"type":"message","id":28513820307151,"at":"2026-03-01T12:00:00.000Z","room":"lobby","from":"b","via":"tcp","text":"Grüße"}`,
		`{"type":"ack","key":"k","id":0}`, `{"type":"message","stored":false}`, `{"id":01}`, `{"id":-1}`, `{"id":9223372036854775808}`,
		`{"at":"2026-03-01T12:00:00,5Z"}`, `{"at":"2026-13-01T12:00:00Z"}`, `{"at":"2026-03-01T12:00:00+01:00"}`, `{"type":"a","type":"b"}`,
		`{"Type":"x"}`, `{"text":"a\nb"}`, "{\"text\":\"a\xffb\"}", `{"type":"x"} `, ` {"type":"x"}`, `{}`, `{"type" :"x"}`, `{"type":null}`,
		`{"type":"ack","key":"k-","number":17,"ids":[5,0,7]}`, `{"ids":[]}`, `{"ids":[1,]}`, `{"ids":[01]}`, `{"ids":[1`, `{"ids":[[1]]}`,
		`{"type":"who","members":[{"nick":"b","via":"tcp","idle":300}],"count":1}`, `{"members":[],"idle":300}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var got, want object
		if !got.scan(line) {
			return
		}
		if err := json.Unmarshal(line, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: scan returns %+v, encoding/json %+v, %v", line, got, want, err)
		}
	})
}

// TestScanUsual checks that scan decodes what servers send most.
func TestScanUsual(t *testing.T) {
	for _, line := range []string{
		`{"type":"message","id":28513820307151,"at":"2026-03-01T12:00:00.000Z","room":"lobby","from":"b","via":"tcp","text":"Grüße"}`,
		`{"type":"action","id":1,"at":"2026-03-01T12:00:00.000Z","room":"lobby","from":"b","via":"tcp","text":"waves","stored":false}`,
		`{"type":"ack","key":"k","id":5}`, `{"type":"ack","ref":"r"}`, `{"type":"ping"}`,
		`{"type":"ack","key":"k-","number":17,"ids":[28513820307151,0]}`,
		`{"type":"join","at":"2026-03-01T12:00:00.000Z","room":"lobby","nick":"b","via":"tcp"}`,
	} {
		if !new(object).scan([]byte(line)) {
			t.Errorf("not scanned: %s", line)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, line := range map[string]string{
		"message": `{"type":"message","id":28513820307151,"at":"2026-03-01T12:00:00.000Z","room":"lobby","from":"guest-abcd","via":"tcp","text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`,
		"ack":     `{"type":"ack","key":"ABCDEFGHIJKLMNOP-4095","id":28513820307151}`,
		"texts":   `{"type":"ack","key":"ABCDEFGHIJKLMNOP-","number":4095,"ids":[28513820307151,28513820307152,28513820307153,28513820307154]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode([]byte(line)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
