#!/usr/bin/env bash
# Train a LoRA on floor plans, from nothing to a picture of what it learned.
#
#   start_training.sh [--dataset FOLDER] [--base NAME] [--epochs N] [--steps N] [more]
#
#   --dataset FOLDER  pairs of PNG and JSON (default: the repository's dataset/)
#   --base NAME       embedded, sd21-base, sd21, or the folder of a model (default: embedded)
#   --epochs N        how often each image is seen (default: what fits the base)
#   --steps N         stop after N steps, however many epochs that is
#   --out FOLDER      where the adapter comes to lie (default: training/lora_model)
#   --fresh           begin again although a run is there to be continued; that one is moved aside
#   --compare         draw the comparison also where it takes long
#   --no-compare      do not draw it
#   Other flags go to the training as they are: train_lora_simple.py --help lists them.
#
# A run that was interrupted is continued by the same command.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
data=$here/prepared_data
picture=$here/comparison.png

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'start_training: %s\n' "$@" >&2; exit 1; }

base=
dataset=$root/dataset
out=$here/lora_model
size=
resume=auto
compare=auto
flags=()
while [ $# -gt 0 ]; do
    case "$1" in
        --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    esac
    case "$1" in
        --base | --dataset | --out | --size) [ $# -ge 2 ] || fail "$1 must have a value, got none" ;;
    esac
    case "$1" in
        -h | --help) sed -n '2,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        --dataset) dataset=$2; shift 2 ;;
        --base) base=$2; flags+=("$1" "$2"); shift 2 ;;
        --out) out=$2; shift 2 ;;
        --size) size=$2; flags+=("$1" "$2"); shift 2 ;;
        --fresh) resume=never; shift ;;
        --compare) compare=yes; shift ;;
        --no-compare) compare=no; shift ;;
        *) flags+=("$1"); shift ;;
    esac
done
[ -d "$dataset" ] || fail "the dataset must be a folder, got $dataset"

# Requirements that were installed by hand (pip3 install -r requirements.txt) will do.
if [ -n "${VIRTUAL_ENV:-}" ] || [ -e "$root/.venv" ] || ! python3 "$root/scripts/environment.py" >/dev/null 2>&1; then
    "$root/scripts/install"
fi
python=$root/scripts/python

# The base of the run that lies in $out; nothing where there is none.
base_of_run() {
    [ ! -f "$out/adapter_config.json" ] ||
        "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["base"])' "$out/adapter_config.json"
}

say "1/3 Preparing $dataset"
if [ -z "$size" ] && [ "$base" = sd21 ]; then size=768; fi # what that model was made for
"$python" "$here/prepare_dataset.py" "$dataset" --out "$data" --size "${size:-512}"

say "2/3 Training"
case " ${flags[*]-} " in
    *" --config "*) ;; # the file may name another base
    *) base=${base:-embedded} ;;
esac
earlier=$(base_of_run)
if [ -n "$base" ] && [ -n "$earlier" ] && [ "$base" != "$earlier" ]; then
    echo "The earlier run in $out was on $earlier, this one is on $base: beginning anew."
    resume=never
fi
# (bash 3.2, which macOS has, takes an empty array for an unset variable.)
"$python" "$here/train_lora_simple.py" --data "$data" --out "$out" --resume "$resume" ${flags[@]+"${flags[@]}"}
base=$(base_of_run)

say "3/3 Comparing: the same briefs and seeds, without and with the adapter"
if [ "$compare" = auto ] && [ "$base" != embedded ] &&
    "$python" -c 'import sys; from madorizu.diffusion import device; sys.exit(device.choose("auto").name != "cpu")'; then
    compare=no
    echo "Left out: without a GPU the pictures of $base take long. To draw them all the same:"
    echo "    $python -m madorizu compare --base $base --lora $out/final --data $data --out $picture"
elif [ "$compare" = no ]; then
    echo "Left out, as asked."
else
    "$python" -m madorizu compare --base "$base" --lora "$out/final" --data "$data" --out "$picture"
fi

say "Done"
echo "prepared data     $data (report.txt says what was left out and why)"
echo "adapter           $out/final"
echo "settings          $out/adapter_config.json"
if [ -f "$out/report.html" ]; then echo "report            $out/report.html"; fi
if [ "$compare" != no ]; then echo "comparison        $picture"; fi
echo
echo "Draw a plan with it:"
echo "    python3 $root/inference/generate_floor_plan_lora.py --width 8 --height 9 --output plan.png"
if [ "$base" = embedded ]; then
    echo "The same with Stable Diffusion 2.1 (a GPU is advisable, the download has several GB):"
    echo "    $python -m madorizu base download sd21-base"
    echo "    $here/start_training.sh --base sd21-base"
fi
