// Command recorded is the least that a server can do: it repeats recorded responses. `make
// bench-http` compares voc with it. Its argument is a file with a JSON array of responses.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"

	"voc/internal/voctest"
)

func main() {
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var all []voctest.Recorded
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("voc listens on http://%s\n", listener.Addr())
	return http.Serve(listener, voctest.Repeat(all))
}
