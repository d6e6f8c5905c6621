package httpapi

import (
	"bufio"
	"io"
	"net/http"
	"strconv"

	"voc/internal/catalog"
	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// maxLimit is the most items that one page may ask for.
const maxLimit = 1000

// list answers GET /api/feedback/. The whole list lies ready; everything else is read row by row and streamed.
func (a *API) list(w *response, r *request, view catalog.View) error {
	limit, err := r.limit(maxLimit, 0)
	if err != nil {
		return err
	}
	filter := feedback.Filter{Team: r.values["team"], Priority: r.values["priority"], Environment: r.values["environment"]}
	total, err := view.File.Count(r.Context(), filter)
	if err != nil {
		return err
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	if total == view.File.Records() && (limit == 0 || limit >= total) {
		return whole(w, r, view.File)
	}
	return rows(w, r, view.File, selection{filter, limit})
}

// whole sends the list as it was encoded when the snapshot was made.
func whole(w *response, r *request, file *snapshot.File) error {
	encoding := file.Smallest(acceptedEncodings(r.Header.Get("Accept-Encoding")))
	body, size, err := file.Body(r.Context(), encoding)
	if err != nil {
		return err
	}
	defer body.Close()
	if encoding != snapshot.Identity {
		w.Header().Set("Content-Encoding", string(encoding))
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w.ResponseWriter, body) // the server's own writer sends a file without copying it
	return err
}

type selection struct {
	feedback.Filter
	limit int
}

// rows joins the rows that match.
func rows(w *response, r *request, file *snapshot.File, s selection) error {
	if r.Method == http.MethodHead {
		return nil
	}
	var sink io.Writer = w
	compressor, encoding := encoder(w, acceptedEncodings(r.Header.Get("Accept-Encoding")))
	if compressor != nil {
		sink = compressor
		w.Header().Set("Content-Encoding", string(encoding))
	}
	out := bufio.NewWriterSize(sink, 32<<10)
	separator := "["
	for summary, err := range file.Summaries(r.Context(), s.Filter, s.limit) {
		if err != nil {
			return err
		}
		_, _ = out.WriteString(separator) // bufio keeps the first error for Flush
		_, _ = out.Write(summary)
		separator = ",\n"
	}
	if separator == "[" {
		_, _ = out.WriteString(separator)
	}
	_, _ = out.WriteString("]\n")
	if err := out.Flush(); err != nil || compressor == nil {
		return err
	}
	return compressor.Close()
}

// one answers GET /api/feedback/{id}.
func (a *API) one(w *response, r *request, view catalog.View) error {
	record, err := view.File.Detail(r.Context(), r.name)
	if err != nil {
		return err
	}
	compressor, encoding := encoder(w, acceptedEncodings(r.Header.Get("Accept-Encoding")))
	if compressor == nil || len(record) < smallBody {
		w.Header().Set("Content-Length", strconv.Itoa(len(record)))
		_, err = w.Write(record)
		return err
	}
	w.Header().Set("Content-Encoding", string(encoding))
	if _, err := compressor.Write(record); err != nil {
		return err
	}
	return compressor.Close()
}

// smallBody is the size in bytes below which compressing saves no packet.
const smallBody = 1200
