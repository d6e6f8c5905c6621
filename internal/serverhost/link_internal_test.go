package serverhost

import (
	"net"
	"os"
	"testing"
)

// TestStatusLink: what a message leads to is of use on another machine, too.
func TestStatusLink(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"[::]:40067":     "http://localhost:40067",
		"0.0.0.0:8080":   "http://localhost:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"10.1.2.3:8080":  "http://10.1.2.3:8080",
	} {
		listens, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if link := statusLink(listens); link != "Status: voc status "+want+", on "+host {
			t.Errorf("%s: %q", address, link)
		}
	}
}
