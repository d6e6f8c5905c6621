// Command hello prints a word.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("hello") }
