package web

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// scripts returns assets with these scripts by their paths.
func scripts(bodies map[string]string) (all []asset) {
	for path, body := range bodies {
		all = append(all, asset{path: path, mimeType: mimeTypes[".js"], body: []byte(body)})
	}
	return all
}

// TestLink runs a script that has been put together from modules with each form of import and export. A module runs
// once, after those that it imports, and its other names are its own.
func TestLink(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("the test needs node")
	}
	all := link(scripts(map[string]string{
		"/main.js": `import { Greeter, greet as say } from "./view/greeter.js";
import * as words from "./net/words.js";
const all = [];
say(new Greeter("you"), words.end).then(() => console.log(all.length));
`,
		"/view/greeter.js": `import { end, hello } from "../net/words.js";
const all = ["greeter"];
export class Greeter {
  constructor(name) { this.text = hello(name) + end + all.length; }
}
export async function greet({ text }) { console.log(text); }
`,
		"/net/words.js": `const all = ["hello", "words"];
export const end = "!" + all.length;
export function hello(name) { return "hello " + name; }
console.log("words");
`,
		"/other.js": "export const other = 1;\n",
	}), "/main.js")
	slices.SortFunc(all, func(a, b asset) int { return strings.Compare(a.path, b.path) })
	if len(all) != 2 || all[0].path != "/main.js" || all[1].path != "/other.js" {
		t.Fatalf("the assets are %v", all)
	}
	if all[0].etag != etag(all[0].body) {
		t.Error("the ETag is that of another script")
	}
	out, err := exec.CommandContext(t.Context(), node, "--input-type=module", "--eval", string(all[0].body)).CombinedOutput()
	if want := "words\nhello you!21\n0\n"; err != nil || string(out) != want {
		t.Errorf("it printed %q, %v, want %q\n%s", out, err, want, all[0].body)
	}
}

// TestLinkRefuses tests that link refuses what it would put together in a wrong way.
func TestLinkRefuses(t *testing.T) {
	for why, bodies := range map[string]map[string]string{
		"itself through":                         {"/main.js": "import { a } from \"./a.js\";\n", "/a.js": "import { b } from \"./b.js\";\n", "/b.js": "import { a } from \"./a.js\";\n"},
		"does not exist":                         {"/main.js": "import { a } from \"./a.js\";\n"},
		"line that link does not know: import {": {"/main.js": "import {\n  a,\n} from \"./a.js\";\n"},
		"not know: import a":                     {"/main.js": "import a from \"./a.js\";\n"},
		"not know: import \"":                    {"/main.js": "import \"./a.js\";\n"},
		"not know: export default":               {"/main.js": "export default 1;\n"},
		"not know: export let":                   {"/main.js": "export let a = 1;\n"},
		"not know: export { a":                   {"/main.js": "const a = 1;\nexport { a };\n"},
		"not know: export *":                     {"/main.js": "export * from \"./a.js\";\n"},
	} {
		t.Run(why, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, why) {
					t.Errorf("it says %q", got)
				}
			}()
			link(scripts(bodies), "/main.js")
		})
	}
}

// TestLinked tests that the browser gets all modules of the page in one script.
func TestLinked(t *testing.T) {
	var served []string
	for _, a := range pageAssets() {
		if strings.HasSuffix(a.path, ".js") {
			served = append(served, a.path)
		}
	}
	if want := []string{"/main.js", "/sw.js", "/theme.js"}; !slices.Equal(served, want) {
		t.Errorf("the scripts of the page are %q, want %q", served, want)
	}
}
