#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# A mentor has a course and two free hours.
MENTOR_TOKEN=$(sign_in mentor-0001@demo.example demo-password-0001)
DAY=$(day $((70 + RANDOM % 600)))
COURSE=$(TOKEN=$MENTOR_TOKEN new_course null)
SLOTS=$(TOKEN=$MENTOR_TOKEN new_slots "$DAY" 09:00 11:00)
FIRST=$(head -1 <<<"$SLOTS") SECOND=$(tail -1 <<<"$SLOTS")

# Five learners sign in, and press "Book" on the same hour at the same moment.
TOKENS=$(for n in 1 2 3 4 5; do sign_in learner-000$n@demo.example demo-password-000$n; done)
for TOKEN in $TOKENS; do
  gql book-session --arg key "$(new_key)" --argjson input '{ "scheduleId": "'$FIRST'", "courseId": "'$COURSE'", "type": "VIRTUAL" }' |
    jq -c '.data.bookMentoringSession | .userErrors[0] // "The slot is mine."' &
done | sort
wait

# The mentor takes the other hour back; who has the page still open is told.
TOKEN=$MENTOR_TOKEN gql withdraw-slot --arg id "$SECOND" | jq -c .data.withdrawSchedule
TOKEN=$(head -1 <<<"$TOKENS")
gql book-session --arg key "$(new_key)" --argjson input '{ "scheduleId": "'$SECOND'", "courseId": "'$COURSE'", "type": "VIRTUAL" }' |
  jq -c '.data.bookMentoringSession.userErrors[]'

# An hour too soon, and a course of another mentor's: both are said at once, each with its field.
TOKEN=$(sign_in mentor-0002@demo.example demo-password-0002)
gql update-mentor-profile --argjson input '{ "expertiseIds": [], "maxSessionsPerWeek": 10, "minNoticeHours": 336 }' | jq -c '.data.updateMentorProfile.userErrors'
SOON=$(new_slots "$(day $((3 + RANDOM % 9)))" "$(printf '%02d:%02d' $((RANDOM % 5)) $((RANDOM % 60)))" 06:00 | head -1)
TOKEN=$(head -1 <<<"$TOKENS")
gql book-session --arg key "$(new_key)" --argjson input '{ "scheduleId": "'$SOON'", "courseId": "'$COURSE'", "type": "VIRTUAL" }' |
  jq -c '.data.bookMentoringSession.userErrors[]'
