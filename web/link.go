package web

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The forms of import and export that link knows. Each has a line of its own.
var (
	importLine = regexp.MustCompile(`(?m)^import (?:\{ ([\w, ]+) \}|\* as (\w+)) from "(\.[\w./]+)";$`)
	exportLine = regexp.MustCompile(`(?m)^export ((?:const|class|function|async function) (\w+))\b`)
	moduleLine = regexp.MustCompile(`(?m)^(?:import|export)\b.*$`)
)

// link puts the module main and all modules that it imports, directly or through others, into the place of main, as one
// script. So a browser needs one request for them, not one after the other for each module on the way to the last one,
// and they are compressed together. It returns the assets without the other modules.
//
// A module becomes a function that returns what it exports, called once, after the modules that it imports. link panics
// if a module is missing, or imports itself through others, or has another form of import or export.
func link(all []asset, main string) []asset {
	l := linker{modules: make(map[string]*asset), linked: make(map[string]bool)}
	for i := range all {
		l.modules[all[i].path] = &all[i]
	}
	l.add(main, nil)
	l.modules[main].setBody(l.script.Bytes())
	return slices.DeleteFunc(all, func(a asset) bool { return a.path != main && l.linked[a.path] })
}

type linker struct {
	modules map[string]*asset // by path
	linked  map[string]bool   // what the script has
	script  bytes.Buffer
}

// add adds a module to the script, after those that it imports. importers are the modules that import it, each the one
// after it; a module without any is the last one, which needs no function.
func (l *linker) add(name string, importers []string) {
	if slices.Contains(importers, name) {
		panic(fmt.Sprintf("web: %s imports itself through %v", name, importers))
	}
	if l.linked[name] {
		return
	}
	module, ok := l.modules[name]
	if !ok {
		panic(fmt.Sprintf("web: %v import %s, which does not exist", importers, name))
	}
	pathOf := func(reference []byte) string { return path.Join(path.Dir(name), string(reference)) }
	body := module.body
	for _, m := range importLine.FindAllSubmatch(body, -1) {
		l.add(pathOf(m[3]), append(importers, name))
	}
	l.linked[name] = true
	body = importLine.ReplaceAllFunc(body, func(line []byte) []byte {
		m := importLine.FindSubmatch(line)
		names := string(m[2])
		if names == "" {
			names = "{ " + strings.ReplaceAll(string(m[1]), " as ", ": ") + " }"
		}
		return fmt.Appendf(nil, "const %s = %s;", names, functionName(pathOf(m[3])))
	})
	var exported []string
	for _, m := range exportLine.FindAllSubmatch(body, -1) {
		exported = append(exported, string(m[2]))
	}
	body = exportLine.ReplaceAll(body, []byte("$1"))
	if other := moduleLine.Find(body); other != nil {
		panic(fmt.Sprintf("web: %s has a line that link does not know: %s", name, other))
	}
	if len(importers) == 0 {
		l.script.Write(body)
		return
	}
	fmt.Fprintf(&l.script, "const %s = (() => {\n%s\nreturn { %s };\n})();\n\n", functionName(name), bytes.TrimSpace(body), strings.Join(exported, ", "))
}

// functionName returns the name of the module at a path, such as net_clock for /net/clock.js.
func functionName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name[1:], ".js"), "/", "_")
}
