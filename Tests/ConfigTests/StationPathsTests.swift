import Config
import Foundation
import Testing

struct StationPathsTests {
    private func paths(
        root: String? = nil, _ environment: [String: String] = [:], userID: UInt32 = 1000
    ) throws -> StationPaths {
        try StationPaths(root: root, workingDirectory: "/srv", environment: environment, userID: userID)
    }

    @Test func `a root directory holds everything and beats every variable`() throws {
        let paths = try paths(root: "/srv/radio/", ["STATE_DIRECTORY": "/var/lib/x", "HOME": "/home/x"])
        #expect(paths.configFile == "/srv/radio/config/lofisup.toml")
        #expect(paths.stateDirectory == "/srv/radio/state")
        #expect(paths.runtimeDirectory == "/srv/radio/run")
        #expect(paths.cacheDirectory == "/srv/radio/cache")
        #expect(paths.controlSocket == "/srv/radio/run/lofisup.sock")
        #expect(paths.feedSocket == "/srv/radio/run/feed.sock")
        #expect(paths.hlsDirectory == "/srv/radio/run/hls")
        #expect(paths.bufferDirectory == "/srv/radio/state")
        #expect(paths.playheadFile == "/srv/radio/state/playhead.json")
        #expect(paths.lockFile == "/srv/radio/run/lofisup.lock")
        #expect(try paths == StationPaths(root: "/srv/radio"))
    }

    @Test func `a relative root starts at the working directory`() throws {
        #expect(try paths(root: "./radio").stateDirectory == "/srv/radio/state")
        #expect(throws: ConfigError.unusableRoot("radio")) { try StationPaths(root: "radio") }
        #expect(throws: ConfigError.unusableRoot("")) { try paths(root: "") }
    }

    @Test func `systemd's directories come next, the first of several`() throws {
        let environment = [
            "CONFIGURATION_DIRECTORY": "/etc/radio", "STATE_DIRECTORY": "/var/lib/radio:/var/lib/other",
            "RUNTIME_DIRECTORY": "/run/radio", "CACHE_DIRECTORY": "/var/cache/radio",
        ]
        for userID: UInt32 in [0, 1000] {
            let paths = try paths(environment, userID: userID)
            #expect(paths.configFile == "/etc/radio/lofisup.toml")
            #expect(paths.stateDirectory == "/var/lib/radio")
            #expect(paths.runtimeDirectory == "/run/radio")
            #expect(paths.cacheDirectory == "/var/cache/radio")
        }
    }

    @Test func `root without them has the system's places`() throws {
        let paths = try paths(["HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"], userID: 0)
        #expect(paths.configFile == "/etc/lofisup/lofisup.toml")
        #expect(paths.stateDirectory == "/var/lib/lofisup")
        #expect(paths.runtimeDirectory == "/run/lofisup")
        #expect(paths.cacheDirectory == "/var/cache/lofisup")
    }

    @Test func `a user has the XDG directories`() throws {
        let home = try paths(["HOME": "/home/asha", "XDG_RUNTIME_DIR": "/run/user/1000", "XDG_CACHE_HOME": "relative"])
        #expect(home.configFile == "/home/asha/.config/lofisup/lofisup.toml")
        #expect(home.stateDirectory == "/home/asha/.local/state/lofisup")
        #expect(home.runtimeDirectory == "/run/user/1000/lofisup")
        #expect(home.cacheDirectory == "/home/asha/.cache/lofisup")
        let named = try paths(["XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/k"])
        #expect(named.configFile == "/c/lofisup/lofisup.toml")
        #expect(named.runtimeDirectory == "/s/lofisup/run")
        #expect(named.cacheDirectory == "/k/lofisup")
    }

    @Test func `without any of them the error names the variables`() {
        let error = #expect(throws: ConfigError.self) { try paths([:]) }
        #expect(
            error?.description == "no place for the config directory: none of $CONFIGURATION_DIRECTORY,"
                + " $XDG_CONFIG_HOME, $HOME is an absolute path; give --root DIR")
    }

    @Test func `a socket's path has at most 107 bytes`() throws {
        // "/run/lofisup.sock" takes 17 of them.
        let longest = "/" + String(repeating: "r", count: 89)
        #expect(try paths(root: longest).controlSocket.utf8.count == 107)
        let path = longest + "r/run/lofisup.sock"
        #expect(throws: ConfigError.socketPathTooLong(path: path, bytes: 108, maximum: 107)) {
            try paths(root: longest + "r")
        }
    }

    @Test func `preparing makes the directories for owner and group and may be repeated`() throws {
        try withTemporaryDirectory { directory in
            let paths = try StationPaths(root: directory + "/radio")
            try paths.prepare()
            try paths.prepare()
            for made in [paths.stateDirectory, paths.runtimeDirectory, paths.cacheDirectory, paths.hlsDirectory] {
                #expect(try mode(of: made) == 0o750)
            }
            #expect(!FileManager.default.fileExists(atPath: directory + "/radio/config"))
            try paths.prepare(includingConfiguration: true)
            #expect(try mode(of: directory + "/radio/config") == 0o750)
        }
    }

    @Test func `a directory that cannot be made is named with what to do`() throws {
        try withTemporaryDirectory { directory in
            try write("", to: directory + "/state")
            let paths = try StationPaths(root: directory)
            let error = #expect(throws: ConfigError.self) { try paths.prepare() }
            let reason = "\(directory)/state is there and is no directory"
            #expect(error == .unusableDirectory(path: directory + "/state", reason: reason))
            #expect(error?.description.contains("run: install -d -m 0750") == true)
        }
        let closed = #expect(throws: ConfigError.self) { try StationPaths(root: "/proc/lofisup").prepare() }
        #expect(closed?.description.hasPrefix("/proc/lofisup/state: cannot make /proc/lofisup: ") == true)
    }
}
