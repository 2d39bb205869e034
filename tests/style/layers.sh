#!/usr/bin/env bash
# Checks the direction of the house: who may include whom, and whose names are whose.
#   sim  knows nothing above it;  models  never names cli
#   inside models: design < infra < kube < vcluster;  blocks and lint stand beside
#   every global symbol carries its folder's prefix (needs the objects of $1)
set -u
objects=${1:-build/release}
bad=0
complain() { echo "layers: $1"; bad=1; }

# forbid FROM PATTERN: files below FROM must not include headers matching PATTERN
forbid() {
    local hits
    hits=$(grep -rnE "^#include \"($2)" --include='*.[ch]' "$1" 2>/dev/null)
    [ -z "$hits" ] || complain "$1 must not include $2:"$'\n'"$hits"
}
forbid sim 'models/|cli/|tests/'
forbid models 'cli/|tests/'
forbid cli 'tests/'
forbid models/design 'models/(infra|kube|vcluster|blocks|lint)/'
forbid models/infra 'models/(kube|vcluster|blocks|lint)/'
forbid models/kube 'models/(vcluster|blocks|lint)/'
forbid models/vcluster 'models/lint/'
forbid models/blocks 'models/(infra|kube|vcluster|lint)/'

# Includes are written from the root, so that the direction is visible on each line.
local_includes=$(grep -rnE '^#include "[^/"]+"' --include='*.[ch]' sim models cli)
[ -z "$local_includes" ] || complain "include from the root:"$'\n'"$local_includes"

# One failure mode, store or plugin never includes another one's file.
prefix_of() {
    case $1 in
    sim) echo 'sim_' ;;
    models) echo 'ha_' ;;
    cli) echo 'cli_|cmd_|main$' ;;
    esac
}
for room in sim models cli; do
    [ -d "$objects/$room" ] || continue
    find "$objects/$room" -name '*.o' -print0 | xargs -0 nm -A --defined-only --extern-only 2>/dev/null |
        awk -v want="^($(prefix_of $room))" '$NF !~ want && $NF !~ /^(__|_)/ {print}' >"$objects/.names"
    [ ! -s "$objects/.names" ] || complain "symbols in $room/ without its prefix:"$'\n'"$(head -20 "$objects/.names")"
done
[ $bad = 0 ] && echo "layers: clean"
exit $bad
