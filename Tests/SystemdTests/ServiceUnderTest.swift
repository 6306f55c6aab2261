import Domain
import Foundation
import Glibc
import IPC
import Platform
import TestSupport

/// The station as an operator has it: the binary of this test run, the unit, its user and a configuration, installed
/// in a machine with a real systemd.
struct ServiceUnderTest {
    let machine: SystemdMachine

    /// Boots a machine, installs the station in it, and hands it to `body` before it is started.
    /// - Parameters:
    ///   - config: sections of lofisup.toml beside the small grey picture that every test has.
    ///   - dropIn: lines of `[Service]`.
    ///   - tracks: numbered tracks on the Buffer, of 20 s each. The generators do nothing then.
    static func run<Result>(
        config: String = "", dropIn: String = "", tracks: Int = 0, _ body: (ServiceUnderTest) throws -> Result
    ) throws -> Result {
        try SystemdMachine.run { machine in
            let service = ServiceUnderTest(machine: machine)
            let buffer = NumberedBuffer(root: machine.shared)
            if tracks > 0 { try buffer.append(tracks: tracks) }
            try service.install(dropIn: dropIn)
            try service.configure(buffer.sections + "\n" + config)
            return try body(service)
        }
    }

    private func install(dropIn: String) throws {
        let repository = Repository.root
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let built = URL(filePath: executable).deletingLastPathComponent().appending(path: "lofisup").path
        try Data("[Service]\nEnvironment=LD_LIBRARY_PATH=/usr/local/lib/swift-of-the-test\n\(dropIn)\n".utf8).write(
            to: URL(filePath: machine.shared + "/test.conf"))
        // The toolchain may lie in a home directory, which the unit hides; /usr it does not.
        try machine.shell(
            """
            install -D '\(built)' /usr/local/bin/lofisup
            mkdir -p /usr/local/lib/swift-of-the-test
            libraries=$(ldd '\(built)' | awk '/libswiftCore.so/ { print $3 }' | xargs --no-run-if-empty dirname)
            [ -z "$libraries" ] || mount --bind "$libraries" /usr/local/lib/swift-of-the-test
            install -D -m 644 '\(repository)/systemd/lofisup.service' /etc/systemd/system/lofisup.service
            install -D -m 644 '\(machine.shared)/test.conf' /etc/systemd/system/lofisup.service.d/test.conf
            systemd-sysusers '\(repository)/systemd/lofisup.sysusers'
            mkdir -p /etc/lofisup
            ffmpeg -loglevel error -f lavfi -i color=gray:s=160x90 -frames:v 1 /etc/lofisup/picture.png
            systemctl daemon-reload
            if [ -d '\(machine.shared)/state' ]; then
                mkdir -p /var/lib/lofisup
                mv '\(machine.shared)/state/'* /var/lib/lofisup/
                chown -R lofisup: /var/lib/lofisup
            fi
            """)
    }

    /// Writes the configuration file anew.
    func configure(_ sections: String) throws {
        let text = """
            [encoder]
            animation = "/etc/lofisup/picture.png"
            width = 160
            height = 90
            video_kbps = 200
            [dashboard]
            enabled = false
            \(sections)

            """
        try Data(text.utf8).write(to: URL(filePath: machine.shared + "/lofisup.toml"))
        try machine.shell("install -m 644 '\(machine.shared)/lofisup.toml' /etc/lofisup/lofisup.toml")
    }

    func start() throws { try machine.shell("systemctl start lofisup", timeoutSeconds: 120) }

    /// What the station says on its control socket.
    func status() throws -> StationStatus {
        try ControlClient(path: machine.outside("/run/lofisup/lofisup.sock")).status()
    }

    func worker(_ name: String) throws -> WorkerStatus? { try status().workers.first { $0.name == name } }

    func waitUntilOnAir(withinSeconds seconds: Double = 60) throws {
        try eventually(within: seconds, "the station is on the air", pollSeconds: 0.1) {
            (try? status().onAir) ?? false
        }
    }

    /// Waits until the encoder holds all the sound it can, so that what follows does not lean on what went before.
    func waitForCushion(withinSeconds seconds: Double = 60) throws {
        try eventually(within: seconds, "the encoder's cushion is full", pollSeconds: 0.1) {
            (try? worker("encoder"))?.activity?.contains("12 s of cushion") ?? false
        }
    }

    /// The station's processes as systemd counts them: numbers (inside) and command lines.
    func processes() throws -> [String] {
        let text = try machine.shell(
            """
            group=/sys/fs/cgroup/system.slice/lofisup.service
            [ -d "$group" ] || exit 0
            for pid in $(cat "$group/cgroup.procs"); do
                echo "$pid $(tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true)"
            done
            """)
        return text.split(separator: "\n").map(String.init)
    }

    /// The numbers of the processes whose command line holds `words`.
    func pids(_ words: String) throws -> [String] {
        try processes().filter { $0.contains(words) }.map { String($0.prefix { $0 != " " }) }
    }
}
