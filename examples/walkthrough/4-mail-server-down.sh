#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# Breaking the mail server, and mending it.
faults() { curl -sS "$API/dev/mail/faults" -H 'content-type: application/json' -d "$1"; }

# A mentor has a course. Then the mail server refuses every connection.
TOKEN=$(sign_in mentor-0001@demo.example demo-password-0001)
COURSE=$(new_course null)
faults '{ "mode": "refuse", "seconds": 600 }' | jq -c .

# A learner enrolls, and sees the next attempt coming.
TOKEN=$(sign_in learner-0003@demo.example demo-password-0003)
ANSWER=$(gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq .data.enrollInCourse)
SAGA=$(jq -r .saga.id <<<"$ANSWER") ENROLLMENT=$(jq -r .courseEnrollment.id <<<"$ANSWER")
wait_for "$SAGA" RETRYING
gql poll-saga --arg saga "$SAGA" | jq -c '.data.saga | { state, status, settled, reason }, .events[4]'

# The learner is in all the while.
gql show-enrollment --arg id "$ENROLLMENT" | jq -c '.data.courseEnrollment | { status, accessGrantedAt, course }'

# The server is back; the next attempt succeeds.
faults '{ "mode": "none" }' | jq -c .
wait_for "$SAGA" EnrollmentCompleted
gql poll-saga --arg saga "$SAGA" | jq -c '.data.saga.events[-2:][] | { kind, toState, status }'
curl -sS "$API/dev/mail.json" | jq -c '[.mails[] | select(.recipients == ["learner-0003@demo.example"] and (.subject | test("^Welcome")))][0].copies'

# An outage that outlasts the step. It has 15 minutes; an operator need not wait for them.
faults '{ "mode": "refuse", "seconds": 600 }' >/dev/null
TOKEN=$(sign_in learner-0004@demo.example demo-password-0004)
SAGA=$(gql enroll --arg course "$COURSE" --arg key "$(new_key)" | jq -r .data.enrollInCourse.saga.id)
wait_for "$SAGA" RETRYING
TOKEN=$(sign_in operator-0001@demo.example demo-password-0001)
gql fire-timer --arg id "$SAGA" --arg timer DEADLINE --arg note "The provider says: all day." | jq -c '.data.fireSagaTimer.userErrors'
wait_for "$SAGA" EnrollmentCompleted
gql poll-saga --arg saga "$SAGA" --argjson after 5 | jq -r '.data.saga.events[] | "\(.sequence) \(.summary)"'

# The learner has access, and the mail waits as a dead letter.
gql dead-letters --argjson filter '{ "message": "SendWelcomeEmailCommand", "status": ["OPEN"] }' |
  jq -c '.data.deadLetters.nodes[0] | { message, queue, status, reason: .reason.code, saga: .saga.state }'

# The operator sends round what waits: first to see what that would be, then for good.
faults '{ "mode": "none" }' >/dev/null
redrive() { gql redrive --argjson filter '{ "message": "SendWelcomeEmailCommand", "status": ["OPEN"] }' --arg note "The mail server is back." "$@"; }
redrive --arg key "$(new_key)" --argjson dryRun true | jq -c '.data.redriveDeadLetters | { status: .deadLetters[0].status, refused, remaining }'
redrive --arg key "$(new_key)" | jq -c '.data.redriveDeadLetters | { status: .deadLetters[0].status, refused, remaining }'
mails() { curl -sS "$API/dev/mail.json" | jq -c '[.mails[] | select(.recipients == ["learner-0004@demo.example"] and (.subject | test("^Welcome")))] | length'; }
has_mail() { [ "$(mails)" -gt 0 ]; }
until_true has_mail
mails
