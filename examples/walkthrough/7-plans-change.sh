#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# Somebody makes an account, whose address is confirmed by the link of a mail.
MENTOR=mentor-$(new_key)@demo.example
ACCOUNT=$(register "$MENTOR" | jq -r .data.verifyEmail.user.id)
echo "$ACCOUNT"

# An administrator makes a mentor of the account.
ADMIN_TOKEN=$(sign_in admin-0001@demo.example demo-password-0001)
TOKEN=$ADMIN_TOKEN gql update-user --arg id "$ACCOUNT" --argjson roles '["LEARNER", "MENTOR"]' | jq -c .data.updateUser

# Hours are what a clock on the wall shows. One Sunday of March, New York's goes from 02:00 to 03:00; 02:30 is refused by its block.
SUNDAY=$(jq -nr 'now | gmtime[0] + 1 | "\(.)-03-\(range(8; 15) | if . < 10 then "0\(.)" else . end)" | select("\(.)T12:00:00Z" | fromdate | gmtime[6] == 0)')
MONDAY=$(jq -nr --arg day "$SUNDAY" '"\($day)T12:00:00Z" | fromdate - 6 * 86400 | strftime("%Y-%m-%d")')
MENTOR_TOKEN=$(sign_in "$MENTOR" "correct horse battery")
publish() {
  TOKEN=$MENTOR_TOKEN gql publish-slots --arg key "$(new_key)" --argjson input '{ "timeZone": "America/New_York", "repeatWeeks": 2, "blocks": ['"$1"'] }' |
    jq -c '.data.publishSchedule | .schedules[]?.startTime, .userErrors[]'
}
publish '{ "date": "'$MONDAY'", "start": "09:00", "end": "10:00" }, { "date": "'$SUNDAY'", "start": "02:30", "end": "04:00" }'

# 09:00 on every Monday stays 09:00, which is another hour in UTC from the second week on.
publish '{ "date": "'$MONDAY'", "start": "09:00", "end": "10:00" }'

# The mentor is booked, and proposes another hour.
DAY=$(day $((70 + RANDOM % 300)))
COURSE=$(TOKEN=$MENTOR_TOKEN new_course null)
read -r FIRST SECOND THIRD FOURTH _ <<<"$(TOKEN=$MENTOR_TOKEN new_slots "$DAY" 15:00 19:00 | tr '\n' ' ')"
book() { # book <slot>: prints the session and its saga
  gql book-session --arg key "$(new_key)" --argjson input '{ "scheduleId": "'$1'", "courseId": "'$COURSE'", "type": "VIRTUAL" }' |
    jq -r '.data.bookMentoringSession | "\(.mentoringSession.id) \(.saga.id)"'
}
TOKEN=$(sign_in learner-0005@demo.example demo-password-0005)
read -r SESSION SAGA <<<"$(book "$FIRST")"
wait_for "$SAGA" SessionScheduled
TOKEN=$MENTOR_TOKEN gql propose-slot --arg id "$SESSION" --arg scheduleId "$SECOND" --arg note "I travel." |
  jq -c '.data.rescheduleMentoringSession | .userErrors, (.mentoringSession | { status, proposalNote, proposalExpiresAt })'

# The learner declines. Both hours are free again, and both people are told.
gql answer-proposal --arg id "$SESSION" --argjson accept false | jq -c .data.answerReschedule.userErrors
wait_for "$SAGA" SessionCancelled
gql show-session --arg id "$SESSION" | jq -c '.data.mentoringSession | { status, failure, open: .schedule.open }'
mail "$MENTOR" Cancelled | jq -r .calendar | tr -d '\r' | grep -E '^(METHOD|STATUS)'

# A learner cancels while the mails are still to come: nobody gets an invitation any more.
curl -sS "$API/dev/mail/faults" -H 'content-type: application/json' -d '{ "mode": "refuse", "seconds": 60 }' >/dev/null
read -r SESSION SAGA <<<"$(book "$THIRD")"
wait_for "$SAGA" RETRYING
gql cancel-session --arg id "$SESSION" --arg note "I am ill." | jq -c '.data.cancelMentoringSession.userErrors'
curl -sS "$API/dev/mail/faults" -H 'content-type: application/json' -d '{ "mode": "none" }' >/dev/null
wait_for "$SAGA" SessionCancelled
gql poll-saga --arg saga "$SAGA" | jq -c '.data.saga | { status, reason }, (.events[] | select(.kind == "TRANSITION" or .kind == "COMPENSATION") | { kind, toState })'

# The mentor's account is switched off. What was to come is cancelled, and the learner is told why.
read -r SESSION SAGA <<<"$(book "$FOURTH")"
wait_for "$SAGA" SessionScheduled
TOKEN=$ADMIN_TOKEN gql update-user --arg id "$ACCOUNT" --argjson active false | jq -c .data.updateUser.user.active
wait_for "$SAGA" SessionCancelled
gql show-session --arg id "$SESSION" | jq -c '.data.mentoringSession | { status, failure }'

# Somebody watches a saga, and sets a new password meanwhile: the socket is closed, and the token is good no more.
ADDRESS=learner-$(new_key)@demo.example
register "$ADDRESS" >/dev/null
TOKEN=$(sign_in mentor-0002@demo.example demo-password-0002)
COURSE=$(new_course null)
SLOT=$(new_slots "$DAY" 21:00 22:00)
TOKEN=$(sign_in "$ADDRESS" "correct horse battery")
read -r SESSION SAGA <<<"$(book "$SLOT")"
wait_for "$SAGA" SessionScheduled
WATCHED=$(mktemp)
node examples/watch.mjs "$SAGA" "$TOKEN" "$API/graphql" >"$WATCHED" &
gql request-password-reset --arg email "$ADDRESS" | jq -c .data.requestPasswordReset
WORD=$(mail "$ADDRESS" "new password" | jq -r .text | grep -o 'reset-password#.*' | cut -d '#' -f 2)
TOKEN='' gql reset-password --arg token "$WORD" --arg newPassword "another horse entirely" | jq -c .data.resetPassword
wait
cat "$WATCHED"
gql show-session --arg id "$SESSION" | jq -c '.errors[0] | .message, .extensions.code'
