package httpapi

// ForgetAnswers is for benchmarks of what is done when no answer is kept.
func (a *API) ForgetAnswers() { a.kept = newKept() }
