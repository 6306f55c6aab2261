import Foundation
import Platform
import TestSupport
import Testing

/// `script/install` into a directory, with the binary of this test run.
@Suite(.serialized)
struct InstallTests {
    @Test(
        "what is installed is all that an operator needs, and nothing of it is left by --uninstall but what is theirs")
    func installed() throws {
        try withTemporaryDirectory { root in
            try install(["--destdir", root])
            let installed = try files(root)
            for needed in [
                "/usr/local/bin/lofisup", "/usr/local/lib/systemd/system/lofisup.service",
                "/usr/local/lib/sysusers.d/lofisup.conf", "/usr/local/lib/tmpfiles.d/lofisup.conf",
                "/usr/local/share/bash-completion/completions/lofisup",
                "/usr/local/share/zsh/site-functions/_lofisup",
                "/usr/local/share/fish/vendor_completions.d/lofisup.fish", "/etc/lofisup/lofisup.toml",
                "/usr/local/share/man/man1/lofisup.1",
            ] { #expect(installed.contains(needed), "\(needed) is not among \(installed)") }
            let completions = try text(root + "/usr/local/share/bash-completion/completions/lofisup")
            #expect(completions.contains("check-config"))

            try install(["--destdir", root, "--uninstall"])
            #expect(try files(root) == ["/etc/lofisup/lofisup.toml"])
        }
    }

    @Test("a second install replaces the program and keeps the operator's configuration")
    func again() throws {
        try withTemporaryDirectory { root in
            try install(["--destdir", root])
            let config = root + "/etc/lofisup/lofisup.toml"
            #expect(try text(config).contains("#"), "the sample is the manual")
            try Data("# mine\n".utf8).write(to: URL(filePath: config))
            try Data("old".utf8).write(to: URL(filePath: root + "/usr/local/bin/lofisup"))
            try install(["--destdir", root])
            #expect(try text(config) == "# mine\n")
            #expect(FileManager.default.contentsEqual(atPath: root + "/usr/local/bin/lofisup", andPath: built))
        }
    }

    @Test("with another prefix the unit starts the program there, and lies where systemd looks")
    func elsewhere() throws {
        try withTemporaryDirectory { root in
            try install(["--destdir", root, "--prefix", "/opt/lofisup"])
            let unit = try text(root + "/etc/systemd/system/lofisup.service")
            #expect(unit.contains("ExecStart=/opt/lofisup/bin/lofisup run\n"))
            #expect(try files(root).contains("/opt/lofisup/bin/lofisup"))
        }
    }

    @Test("drop-ins are installed from the version of systemd that their names begin with")
    func dropIns() throws {
        try withTemporaryDirectory { root in
            for (version, expected) in [("252", []), ("253", ["253-reload.conf"]), ("257", Self.all), ("252", [])] {
                // A systemctl that says it is of another version.
                let fake = root + "/bin/systemctl"
                try FileManager.default.createDirectory(atPath: root + "/bin", withIntermediateDirectories: true)
                try Data("#!/bin/sh\necho 'systemd \(version) (\(version).1-1)'\n".utf8).write(to: URL(filePath: fake))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake)
                try install(["--destdir", root + "/root"], path: root + "/bin:")
                let folder = root + "/root/usr/local/lib/systemd/system/lofisup.service.d"
                let found = (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
                #expect(found == expected, "systemd \(version)")
            }
        }
    }

    private static let all = ["253-reload.conf", "254-restart.conf"]

    private var built: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "lofisup").path
    }

    private func install(_ arguments: [String], path: String = "") throws {
        let done = try TestTool.run(
            "env",
            [
                "PATH=\(path)/usr/sbin:/usr/bin:/sbin:/bin", "bash", Repository.root + "/script/install", "--binary",
                built,
            ]
                + arguments)
        #expect(done.exit == .code(0), "\(done.errors)")
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Every file under `root`, sorted, as it is called there.
    private func files(_ root: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root).filter {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: root + "/" + $0, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.map { "/" + $0 }.sorted()
    }
}
