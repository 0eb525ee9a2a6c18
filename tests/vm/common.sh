# shellcheck shell=bash disable=SC2016 # apt expands what is in single quotes
# Sourced by image, kernels and run: where things are kept and where they come from.

umask 022
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -d ${TRACELEFT_VM_CACHE:-} ]]; then
	vm_cache=$(cd "$TRACELEFT_VM_CACHE" && pwd)
else
	vm_cache=$(cd "$vm_dir/../.." && pwd)/build/vm
	mkdir -p "$vm_cache"
fi

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Makes $work, a directory for unfinished files under $1, and removes it when the script ends.
make_work_dir() {
	work=$(mktemp -d "$1/traceleft-vm.XXXXXXXX")
	trap 'rm -rf --one-file-system "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# A file in the cache is as good as the script that made it: one that changed makes it again.
stamp=$(sha256sum <"$0")

# Is FILE... in the cache, made by this very script?
cached() {
	local file
	for file; do
		[[ -s $vm_cache/$file && $(cat "$vm_cache/$file.stamp" 2>/dev/null) == "$stamp" ]] ||
			return 1
	done
}

# Moves FILE... from $work into the cache. Readers see the old file or the new one, never a part.
keep() {
	local file
	for file; do
		mv -f "$work/$file" "$vm_cache/$file"
		echo "$stamp" >"$work/$file.stamp"
		mv -f "$work/$file.stamp" "$vm_cache/$file.stamp"
	done
}

# Two runs that both miss a file make it once. The lock ends with the last process that has it.
lock_cache() {
	exec 9>"$vm_cache/$1.lock"
	flock 9
}

# Prints where this machine gets the archive NAME from (debian, debian-security), else its public
# address. Works without package lists too, as in a fresh container.
mirror_of() {
	local uri
	uri=$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Component: main' |
		sed -nE "s#/\$##; \#/$1\$#{p;q}") || true
	echo "${uri:-http://deb.debian.org/$1}"
}
