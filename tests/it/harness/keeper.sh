# Keeps one program (a server, a pooler) in one folder, for a test process at the other end of standard input.
# It obeys the orders that come in there. When the pipe closes, for whatever reason, it stops the program and
# removes the folder, so that even a killed test leaves nothing behind.
#
# usage: sh -c "$(cat keeper.sh)" keeper FOLDER PREPARE START; the last two are shell fragments that see $dir.
set -u
umask 077
# Any of these ends the reading of orders, and so cleans up.
trap : INT TERM HUP
dir=$1
pid=

stop() {
    [ -z "$pid" ] && return
    kill -s "$1" "$pid"
    wait "$pid"
    pid=
}

mkdir "$dir" || exit 1
if (eval "$2") </dev/null >"$dir/log" 2>&1; then echo prepared; else echo failed; fi
while read -r order argument; do
    case $order in
    start)
        (eval "exec $3") </dev/null >>"$dir/log" 2>&1 &
        pid=$!
        echo "$pid"
        ;;
    stop)
        stop "$argument"
        echo stopped
        ;;
    esac
done
# A server takes QUIT as "stop at once"; what ignores it, as all that a shell starts in the background does, takes TERM.
[ -z "$pid" ] || kill -s QUIT "$pid"
stop TERM
rm -rf "$dir"
