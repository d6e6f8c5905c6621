package httpapi

import (
	"encoding/json"
	"io"
	"net/http"

	"voc/internal/access"
	"voc/internal/bound"
	"voc/internal/httpapi/respond"
)

type userBody struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
}

// signIn answers POST /api/users/auth. The response, and the time it takes, is the same for a wrong
// password and for an unknown email.
func (a *API) signIn(r *request) (respond.Answer, error) {
	if err := a.Access.CheckUsers(); err != nil {
		return respond.Answer{}, err
	}
	// Unknown members are ignored: a sign-in form may send more than it needs to.
	text, err := io.ReadAll(io.LimitReader(r.Body, bound.BodyBytes+1))
	var given struct{ Email, Password *string }
	if err != nil || len(text) > bound.BodyBytes || json.Unmarshal(text, &given) != nil ||
		given.Email == nil || given.Password == nil {
		return respond.Answer{}, badBody(`must be {"email": "…", "password": "…"}`)
	}
	user, err := a.users.Check(r.Context(), a.Now(), access.Attempt{
		Email:    *given.Email,
		Password: access.NewSecret(*given.Password),
		Client:   a.Access.Proxies.ClientAddress(r.Request),
	})
	if err != nil {
		return respond.Answer{}, err
	}
	return respond.JSON(http.StatusOK, userBody{user.Email, user.Name, user.Role})
}
