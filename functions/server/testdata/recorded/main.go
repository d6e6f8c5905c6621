// Command recorded is the least that a server can do: it repeats recorded responses. `make
// bench-http` compares voc with it. Its argument is a file with a JSON array of responses.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
)

// response is a recorded response. Those to one target differ by their accepted encoding.
type response struct {
	Target, Encoding string
	Status           int
	Header           http.Header
	Body             []byte
}

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
	var all []response
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	type key struct{ target, encoding string }
	responses := map[key]response{}
	for _, r := range all {
		responses[key{r.Target, r.Encoding}] = r
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("voc listens on http://%s\n", listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := responses[key{r.RequestURI, r.Header.Get("Accept-Encoding")}]
		header := w.Header()
		for name, values := range recorded.Header {
			header[name] = values
		}
		w.WriteHeader(recorded.Status)
		_, _ = w.Write(recorded.Body)
	}))
}
