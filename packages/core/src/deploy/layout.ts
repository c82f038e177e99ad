import { sh } from '../shell/template.js';

/**
 * Shell functions around the releases of an app, which are in a folder `deploys/NAME` of the state folder:
 *
 * | there                  | what it is                                                                       |
 * | ---------------------- | -------------------------------------------------------------------------------- |
 * | `releases/ID/`         | the tree of a release; complete from the moment at which it is there             |
 * | `current`              | a link to `releases/ID`, switched in one piece                                   |
 * | `shared/`              | what outlives a release                                                          |
 * | `records/ID`           | number; content; time; who; commit; state; the good release before it, or `-`    |
 * | `records/ID.manifest`  | every file, folder and link of it, as uploaded (`receive-upload.ts`)             |
 * | `records/ID.setup.log` | what its setup said, without secrets                                             |
 * | `records/ID.health`    | by what a deploy has found it healthy last, as JSON                              |
 * | `records/ID.run.*`     | the files of its last healthy run, from which it can be started again            |
 * | `good`                 | id of the release that was healthy last                                          |
 * | `owed`                 | nothing: it is there from the moment on at which a release begins to take the place of what runs until one of both runs as it should, or somebody stops the app |
 * | `owed.run.*`           | the files of what ran then                                                       |
 * | `incoming/`, `parts/`  | an upload under way: a tree, and beginnings of large files by their hash         |
 * | `lists/`, `cut`        | of an upload under way: its manifest and what is needed of it; there until it has come whole |
 * | `environments/KEY/`    | a virtual environment, complete once `.complete` is in it                        |
 * | `page`, `page.answer`, `page.read` | what the app has answered while its health is looked at               |
 * | `current.PID`, `claim.PID`, `copies.PID/`, `room` | what becomes `current`, `lock.N` and files of a run, and what tells whether there is room |
 * | `lock.N`               | pid, start, boot of who deploys; request; time; who; verb; reason: having it is the lock |
 * | `lock.N.stage`         | how far that is: `upload`, `setup`, `activate`                                   |
 * | `lock.N.release`       | the release that it is at, or `-`                                                |
 * | `lock.N.said`          | what it has told its client, for one whose answer was lost                       |
 * | `lock.N.run.*`         | of what ran before, from which it can be started again                           |
 * | `lock.N.pipe`, `lock.N.masked` | through which what a setup says goes to its log, and what tells that it has come there |
 * | `lock.N.stopped`       | pid, start, boot of a stop meanwhile; who: nothing of the app is started any more |
 * | `lock.N.done`          | it is there when all was done and told; this, what was told and how far it was stay for the last ten |
 * | `deploys.log`          | a line for each: time; verb; release or `-`; result; who; request; reason; code of the error, if any |
 *
 * States of a release: `uploaded` and `ready` (set up) before anybody has seen it, `unprepared` where its setup failed, `activating` from its
 * switch on, or from its start where that comes first, then `good` or `failed`.
 */
export const DEPLOY_LAYOUT_FUNCTIONS = sh`
  # enter_deploys NAME: sets app, app_dir and deploy_dir.
  enter_deploys() {
    enter_app "$1"
    deploy_dir=$state/deploys/$app
  }

  # open_deploys: makes the folders.
  open_deploys() {
    for folder in releases records shared; do
      mkdir -p "$deploy_dir/$folder" 2>/dev/null || { fail E_STATE_DIR "$app" "cannot make $deploy_dir/$folder"; return 1; }
    done
  }

  fail_full() { fail E_STATE_DIR "$app" "no space in $deploy_dir"; }

  # has_room: for a little more than what is written of itself.
  has_room() {
    dd if=/dev/zero of="$deploy_dir/room" bs=65536 count=16 2>/dev/null
    room=$?
    rm -f "$deploy_dir/room"
    [ "$room" = 0 ]
  }

  # read_release ID: sets release_number, release_content, release_time, release_by, release_commit, release_state and release_before.
  read_release() {
    release_number=0 release_content=- release_time=0 release_by=- release_commit=- release_state=none release_before=-
    read_record "$deploy_dir/records/$1" || return 1
    set -f
    set -- $record
    set +f
    [ $# -ge 7 ] || return 1
    release_number=$1 release_content=$2 release_time=$3 release_by=$4 release_commit=$5 release_state=$6 release_before=$7
  }

  # write_release_record ID: from the variables that read_release sets.
  write_release_record() {
    write_record "$deploy_dir/records/$1" \
      "$release_number $release_content $release_time $release_by $release_commit $release_state $release_before" && return 0
    fail_full
  }

  # note_state ID STATE
  note_state() { read_release "$1" && release_state=$2 && write_release_record "$1"; }

  # list_releases: sets releases to the ids of all that have a record, and newest to that with the highest number.
  list_releases() {
    releases='' newest='' newest_number=0
    for release_path in "$deploy_dir"/records/*; do
      release_id=\${release_path##*/}
      case $release_id in
      '*' | *.*) continue ;;
      esac
      read_release "$release_id" || continue
      releases="$releases $release_id"
      if [ "$release_number" -gt "$newest_number" ]; then newest=$release_id newest_number=$release_number; fi
    done
  }

  # read_current: sets current to the release that the link names, and good to the one that was healthy last; to nothing where there is none.
  read_current() {
    current=$(readlink "$deploy_dir/current" 2>/dev/null)
    current=\${current##*/}
    read_record "$deploy_dir/good"
    good=$record
  }

  # read_running: sets running to the release of the latest run, to nothing where it is of none; and phase as judge_run does.
  read_running() {
    running=
    latest_run
    phase=ended
    [ "$run" -gt 0 ] || return 0
    judge_run
    read_record "$record_path.release"
    running=$record
  }
`;
