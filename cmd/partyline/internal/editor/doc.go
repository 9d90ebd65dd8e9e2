// Package editor edits the line that a person types in a chat: text and cursor, a kill ring,
// undo, the history of what was said, completion, and the part of the text that fits on a screen.
//
// The package knows no terminal and no keys. These are the usual keys of its methods:
//
//	Left, Right, Up, Down               the arrow keys; Ctrl-B, Ctrl-F
//	WordLeft, WordRight                 Alt-B, Alt-F
//	Home, End                           Ctrl-A, Ctrl-E
//	Insert("\n")                        Alt-Enter
//	Backspace, Delete                   Ctrl-H, Ctrl-D
//	KillToStart, KillToEnd              Ctrl-U, Ctrl-K
//	KillWordLeft, KillWordRight         Alt-Backspace, Alt-D
//	KillFieldLeft                       Ctrl-W
//	Yank, YankPop                       Ctrl-Y, Alt-Y
//	Transpose, Undo                     Ctrl-T, Ctrl-_
//	Completion.Next, Previous           Tab, Shift-Tab
//	History.Search, Search.Older        Ctrl-R; Search.Newer Ctrl-S
//
// A character is what a reader takes for one: a grapheme cluster of Unicode, such as a letter
// with its accents, a flag, or a family of emoji. The cursor is always between two characters.
//
// The types are not safe for use by several goroutines at once.
package editor
