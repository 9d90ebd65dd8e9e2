package names

import "testing"

func BenchmarkSkeletons(b *testing.B) {
	for name, nick := range map[string]string{"ascii": "guest-7fk2", "unicode": "Zoë-Åse", "greek": "Σίσυφος"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Skeletons(nick)
			}
		})
	}
}

func BenchmarkNick(b *testing.B) {
	for name, nick := range map[string]string{"ascii": "alice_92", "unicode": "Zoë-Åse", "greek": "Σίσυφος"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, bad := Nick(nick); bad != nil {
					b.Fatal(bad)
				}
			}
		})
	}
}
