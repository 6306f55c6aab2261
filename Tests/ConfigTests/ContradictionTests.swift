import Testing

struct ContradictionTests {
    @Test func `two crossfades must fit a track`() {
        let text = "[generator]\ntrack_seconds = 5\n[feeder]\ncrossfade_seconds = 3\n"
        #expect(
            problems(of: text) == [
                "lofisup.toml:4: feeder.crossfade_seconds and generator.track_seconds: a track of 5 s has both ends"
                    + " joined, which two crossfades of 3 s do not fit; set crossfade_seconds to at most 2.5"
            ])
        #expect(problems(of: "[generator]\ntrack_seconds = 5\n[feeder]\ncrossfade_seconds = 2.5\n") == [])
    }

    @Test func `a prompt is at least one track`() {
        #expect(
            problems(of: "[generator]\ntrack_seconds = 60\nprompt_seconds = 30\n") == [
                "lofisup.toml:3: generator.prompt_seconds and generator.track_seconds: a prompt of 30 s has no room for"
                    + " a track of 60 s; set prompt_seconds to a multiple of track_seconds"
            ])
        #expect(problems(of: "[generator]\ntrack_seconds = 60\nprompt_seconds = 60\n") == [])
    }

    @Test func `a prompt is a whole number of tracks`() {
        #expect(
            problems(of: "[generator]\n\ntrack_seconds = 7\n") == [
                "lofisup.toml:3: generator.prompt_seconds and generator.track_seconds: 3600 s is no whole number of"
                    + " tracks of 7 s; set prompt_seconds = 3598 or 3605"
            ])
        #expect(problems(of: "[generator]\ntrack_seconds = 7.2\n") == [])
    }

    @Test func `the maximum is no less than the target`() {
        #expect(
            problems(of: "[buffer]\nmax_hours = 20\n") == [
                "lofisup.toml:2: buffer.max_hours and buffer.target_hours: the generator would stop at 20 h, before its"
                    + " target of 24 h; set max_hours to at least 24"
            ])
        #expect(problems(of: "[buffer]\nmax_hours = 24\n") == [])
    }

    @Test func `the thresholds descend`() {
        #expect(
            problems(of: "[buffer]\ncritical_hours = 12\n") == [
                "lofisup.toml:2: buffer.warning_hours and buffer.critical_hours: thresholds must descend; set"
                    + " warning_hours above 12 or critical_hours below 12"
            ])
        #expect(problems(of: "[buffer]\nhealthy_hours = 3\nwarning_hours = 2\n").count == 1)
        #expect(
            problems(of: "[buffer]\nhealthy_hours = 4\nwarning_hours = 3\ncritical_hours = 2\nemergency_hours = 1\n")
                == [])
    }

    @Test func `the hysteresis fits every band`() {
        #expect(
            problems(of: "[buffer]\nhysteresis_hours = 5\n") == [
                "lofisup.toml:2: buffer.hysteresis_hours and buffer.critical_hours and buffer.emergency_hours: the"
                    + " hysteresis of 5 h is larger than this band of 4 h, which could not be left upwards; set"
                    + " hysteresis_hours to at most 4"
            ])
        #expect(problems(of: "[buffer]\nhysteresis_hours = 4\n") == [])
    }

    @Test func `the first wait is no longer than the longest`() {
        let text = "[supervisor]\nrestart_first_seconds = 40\n"
        #expect(
            problems(of: text) == [
                "lofisup.toml:2: supervisor.restart_first_seconds and supervisor.restart_max_seconds: the first wait"
                    + " of 40 s is longer than the longest, 30 s; set restart_max_seconds to at least that"
            ])
    }

    @Test func `two destinations have two names`() {
        let one = "[[destinations]]\nname = 'copy'\nurl = '/tmp/a.flv'\n"
        #expect(
            problems(of: one + "\n" + one) == [
                "lofisup.toml:6: destinations[1].name and destinations[0].name: both are \"copy\"; give each"
                    + " destination a name of its own"
            ])
    }
}
