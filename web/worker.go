package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
)

// pageAssets returns the assets of the page, which form one set: index.html has the version of the set, and the service
// worker the version and the hash of each other asset. They are as the server sends them, and the same at each call.
var pageAssets = sync.OnceValue(func() []asset {
	all := assets("static")
	for i := range all {
		all[i].removeComments()
	}
	all = link(all, "/main.js")
	version := versionOf(all)
	hashes := make(map[string]string) // by the path relative to the page
	var worker *asset
	for i := range all {
		a := &all[i]
		switch a.path {
		case "/sw.js":
			worker = a
			continue
		case "/":
			a.fill(`data-version=""`, `data-version="`+version+`"`)
		}
		sum := sha256.Sum256(a.body)
		hashes["."+a.path] = base64.StdEncoding.EncodeToString(sum[:])
	}
	list, err := json.Marshal(hashes)
	if err != nil {
		panic(err)
	}
	worker.fill(`const version = "";`, `const version = "`+version+`";`)
	worker.fill("const hashes = {};", "const hashes = "+string(list)+";")
	for i := range all {
		all[i].compress()
	}
	return all
})

// versionOf returns a version for a set of assets, which differs if any of them does.
func versionOf(all []asset) string {
	h := sha256.New()
	for _, a := range all {
		fmt.Fprintln(h, a.path, a.etag)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// fill replaces a part of the asset, which it must have once.
func (a *asset) fill(part, with string) {
	if n := bytes.Count(a.body, []byte(part)); n != 1 {
		panic(fmt.Sprintf("web: %s has %s %d times", a.path, part, n))
	}
	a.setBody(bytes.Replace(a.body, []byte(part), []byte(with), 1))
}
