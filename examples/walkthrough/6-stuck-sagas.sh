#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# The provider does not accept our key any more, and two people apply.
checks() { curl -sS "$API/dev/background-checks/faults" -H 'content-type: application/json' -d "$1"; }
checks '{ "mode": "401", "seconds": 600 }' >/dev/null
apply() { # apply: somebody new applies; prints the saga
  local address
  address=learner-$(new_key)@demo.example
  register "$address" >/dev/null
  TOKEN=$(sign_in "$address" "correct horse battery")
  gql apply --arg key "$(new_key)" --argjson input "$(application "$(cv "$(upload "$(new_pdf cv)")")" "$(letter "$(upload "$(new_pdf letter)")")")" |
    jq -r .data.submitApplicationRequest.saga.id
}
FIRST=$(apply) SECOND=$(apply)

# What the operator sees: how many stand, on which queue, and why.
TOKEN=$(sign_in operator-0001@demo.example demo-password-0001)
wait_for "$FIRST" STUCK
wait_for "$SECOND" STUCK
WRONG=$(gql what-is-wrong)
jq -c '.data | (.sagaCounts[] | select(.status == "STUCK") | { type, state, count }), (.queues[] | select(.name == "request-background-check") | { name, deadLetters })' <<<"$WRONG"
jq -c --arg id "$FIRST" '.data.sagas.nodes[] | select(.id == $id) | .reason.message, .explanation.summary, [.explanation.remedies[].mutation]' <<<"$WRONG"

# The same in SQL.
psql "$DATABASE" -Atc "select type, state, reason_code, count(*) from ops.stuck_saga group by 1, 2, 3"

# A pause keeps more from piling up. Then the key is mended.
gql pause-queue --arg name request-background-check --arg note "The key was changed." | jq -c '.data.pauseQueue.queue | { name, note: .pause.note }'
checks '{ "mode": "none" }' >/dev/null
gql resume-queue --arg name request-background-check | jq -c .data.resumeQueue.userErrors

# One is tried: first to see what it would do, then for good.
gql retry-saga --arg id "$FIRST" --arg note "The key was changed." --argjson dryRun true | jq -c '.data.retrySaga | { status: .saga.status, userErrors }'
gql retry-saga --arg id "$FIRST" --arg note "The key was changed." | jq -c '.data.retrySaga | { userErrors }'
wait_for "$FIRST" UnderReview
gql poll-saga --arg saga "$FIRST" | jq -r '.data.saga.events[] | select(.kind == "OPERATOR_ACTION") | .summary'

# The rest is sent round at once.
redrive() { gql redrive --argjson filter '{ "queue": "request-background-check", "status": ["OPEN"] }' --arg note "The key was changed." --arg key "$(new_key)"; }
redrive | jq -c '.data.redriveDeadLetters | { sagas: (.deadLetters | length), refused, remaining }'
wait_for "$SECOND" UnderReview
gql what-is-wrong | jq -c .data.sagas.nodes
