# For tests in shell: how results are told.
ok() { echo "ok $1"; }
not_ok() { echo "not ok $1${2:+: $2}"; }
skip() { echo "skip $1${2:+: $2}"; }
# chosen NAME: whether TL_TEST_ONLY, names with spaces between them, has it or is empty.
chosen() { [[ -z ${TL_TEST_ONLY-} || " $TL_TEST_ONLY " == *" $1 "* ]]; }
# labelled LABEL: of what tests print, the results and what they took, with LABEL/ before their names.
labelled() { sed -un "s,^\(ok\|not ok\|skip\|# second try\) ,\1 $1/,p; s,^# \(.*: [0-9]* s\)$,# $1/\1,p"; }
