#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# Somebody makes an account, and uploads two documents.
APPLICANT=learner-$(new_key)@demo.example
register "$APPLICANT" >/dev/null
TOKEN=$(sign_in "$APPLICANT" "correct horse battery")
CV=$(upload "$(new_pdf cv)") LETTER=$(upload "$(new_pdf letter)")
echo "$CV"

# A file that is not what its type says is refused when it is put.
PAGE=$(new_pdf page)
echo '<script>alert(1)</script>' >"$PAGE"
upload "$PAGE" 2>&1 | grep -o 'error: .*' || true

# Without the letter, nothing begins.
gql apply --arg key "$(new_key)" --argjson input "$(application "$(cv "$CV")")" | jq -c '.data.submitApplicationRequest.userErrors[]'

# With both, the checks begin.
APPLIED=$(gql apply --arg key "$(new_key)" --argjson input "$(application "$(cv "$CV")" "$(letter "$LETTER")")" | jq .data.submitApplicationRequest)
APPLICATION=$(jq -r .applicationRequest.id <<<"$APPLIED") SAGA=$(jq -r .saga.id <<<"$APPLIED")
node examples/watch.mjs "$SAGA" "$TOKEN" "$API/graphql" UnderReview | grep -v waiting

# What is not signed by the provider is not listened to.
curl -sS -o /dev/null -w '%{http_code}\n' "$API/webhooks/background-check" -H 'content-type: application/json' \
  -H 'webhook-id: msg_01' -H "webhook-timestamp: $(date +%s)" -H 'webhook-signature: v1,Zm9yZ2Vk' \
  -d '{ "type": "check.completed", "data": { "reference": "chk_123", "externalId": "'"$APPLICATION"'", "result": "clear" } }'

# The reviewer's desk. Who reads it sees the documents by links that last five minutes.
REVIEWER_TOKEN=$(sign_in reviewer-0001@demo.example demo-password-0001)
TOKEN=$REVIEWER_TOKEN gql desk | jq -c --arg id "$APPLICATION" '.data.applicationRequests.nodes[] | select(.id == $id) |
  { applicant: .applicant.fullName, education, documents: [.documents[].kind], check: .backgroundCheck.status }'

# The reviewer asks for more. The applicant is told, and sends it in again.
TOKEN=$REVIEWER_TOKEN gql request-info --arg id "$APPLICATION" --arg note "Which years were these?" | jq -c .data.requestApplicationInfo.applicationRequest
mail "$APPLICANT" question | jq -r .text | grep years
INPUT=$(application "$(cv "$CV")" "$(letter "$LETTER")" | jq -c '.workExperience = "From 2010 to 2020 at the loom"')
gql resubmit-application --arg id "$APPLICATION" --argjson input "$INPUT" | jq -c '.data.resubmitApplicationRequest.userErrors'
is_read_again() { gql show-application --arg id "$APPLICATION" | jq -e '.data.applicationRequest | .status == "UNDER_REVIEW" and .saga.state == "UnderReview"' >/dev/null; }
until_true is_read_again

# A yes makes a mentor, at once.
TOKEN=$REVIEWER_TOKEN gql approve-application --arg id "$APPLICATION" --arg note "Welcome!" |
  jq -c '.data.approveApplicationRequest | .applicationRequest.status, .applicationRequest.applicant.mentorProfile, .userErrors'
wait_for "$SAGA" ApplicationCompleted
mail "$APPLICANT" mentor | jq -r .subject
