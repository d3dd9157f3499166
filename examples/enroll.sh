#!/usr/bin/env bash
# Enrolls a made-up learner in a course, against a program started by `npm start`. README.md shows this file piece by piece.
set -euo pipefail

# Where the API is.
API=${1:-http://localhost:4000/graphql}
post() { curl -sS "$API" -H 'content-type: application/json' "$@"; }
# Takes the first match of a pattern out of an answer; an answer without one is shown whole.
pick() { local answer found; answer=$(cat); found=$(grep -oE -m 1 "$1" <<<"$answer") || { echo "not expected: $answer" >&2; return 1; }; head -n 1 <<<"$found"; }

# Sign in.
TOKEN=$(post -d '{
  "query": "mutation ($email: EmailAddress!, $password: String!) { signIn(email: $email, password: $password) { accessToken userErrors { message } } }",
  "variables": { "email": "learner-0001@demo.example", "password": "demo-password-0001" }
}' | pick 'eyJ[^"]*')

# Choose a course that takes enrollments.
COURSE=$(post -d '{ "query": "{ courses(filter: { openForEnrollment: true }, first: 1) { nodes { id } } }" }' | pick '[0-9a-f-]{36}')

# Ask for a place in it. Repeated with the same key, the mutation answers with the same enrollment.
ANSWER=$(post -H "authorization: Bearer $TOKEN" -d '{
  "query": "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { saga { id state status } courseEnrollment { id status } userErrors { code message } } }",
  "variables": { "course": "'"$COURSE"'", "key": "my-first-enrollment" }
}')
SAGA=$(pick '"saga":{"id":"[^"]*' <<<"$ANSWER" | pick '[0-9a-f-]{36}')
echo "$ANSWER"

# Say how to watch it.
echo "node examples/watch.mjs $SAGA $TOKEN $API"
