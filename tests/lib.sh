# For tests in shell: how results are told.
ok() { echo "ok $1"; }
not_ok() { echo "not ok $1${2:+: $2}"; }
skip() { echo "skip $1${2:+: $2}"; }
