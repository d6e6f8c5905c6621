// Package webui is the page in the browser: whether the data is current, what customers say, and
// whether it is getting worse.
//
// Its files are served as they are in static/, by the API function and the server alike: there is
// no build step, and nothing comes from another host. Policy allows nothing else, so the markup
// contains no script and no style. The page requests the public API only, with the token that its
// reader types, and stores no token. It shows the API's figures; where it adds up weeks, it says
// so.
//
// kit.js has elements, words and requests; app.js is the shell: the views by their addresses, how
// current the data is, the token. moves.js, feedback.js and status.js are the views, rows.js is the
// table that has elements only for the rows in sight, and plot.js the plots. theme.css is shared
// with the documentation of the API.
//
// There is no charting library. A plot has at most 104 weeks of eight series; as SVG, it follows
// theme, zoom and print by the style sheet alone. uPlot, the smallest that was considered (1.6.32,
// November 2026), takes 22 kB compressed, draws on a canvas once for each theme, and selects a
// range by mouse only.
//
// testdata has the tests in a browser, which `make page` runs.
package webui
