package httpapi

// docsPath is the page that explains every problem. It is a part of each problem's type, and so stays as it is.
const docsPath = "/api/docs"
