internal import Config
internal import Foundation
internal import Glibc
internal import Platform

/// The station's directories, its keys and its disk.
struct FileChecks {
    let patient: Patient

    func findings() -> [Finding] {
        let paths = patient.paths
        let places = [
            ("state", paths.stateDirectory), ("run", paths.runtimeDirectory), ("cache", paths.cacheDirectory),
        ]
        return places.map { directory($0.0, $0.1) } + [configuration()] + keys() + [space(), speed()]
    }

    private func directory(_ name: String, _ path: String) -> Finding {
        guard let facts = FileAccess(path) else { return missing(name, path) }
        // Run as root, the station is looked at from outside: its user is whoever has the state directory.
        let expected = geteuid() == 0 ? FileAccess(patient.paths.stateDirectory)?.ownerID ?? 0 : geteuid()
        return Self.judge(name, path, facts, expectedOwner: expected)
    }

    static func judge(_ name: String, _ path: String, _ facts: FileAccess, expectedOwner: UInt32) -> Finding {
        let bits = "0" + String(facts.mode, radix: 8)
        guard facts.isDirectory else {
            return .broken(name, "\(path) is there and is no directory", do: "move it away, or give another --root")
        }
        if facts.ownerID != expectedOwner {
            return .broken(
                name, "\(path) belongs to user \(facts.ownerID) and not to \(expectedOwner), who has the station",
                do: "chown -R \(expectedOwner) '\(path)', or run this as user \(facts.ownerID)")
        }
        if facts.mode & 0o002 != 0 {
            return .broken(name, "everybody may write to \(path) (mode \(bits))", do: "chmod 0750 '\(path)'")
        }
        if !facts.isWritable {
            return .broken(name, "\(path) cannot be written to (mode \(bits))", do: "chmod 0750 '\(path)'")
        }
        return .ok(name, "\(path) is writable for its owner, user \(facts.ownerID) (mode \(bits))")
    }

    private func missing(_ name: String, _ path: String) -> Finding {
        var above = Files.parent(of: path)
        while above != "/", FileAccess(above) == nil { above = Files.parent(of: above) }
        if FileAccess(above)?.isWritable == true { return .ok(name, "\(path) is made by the first start") }
        return .degraded(
            name, "\(path) is not there, and user \(geteuid()) cannot make it",
            do: "the unit makes it for the station; by hand: sudo install -d -m 0750 -o \"$(id -un)\" '\(path)'")
    }

    private func configuration() -> Finding {
        switch patient.configuration {
        case .failure(let error):
            return .broken("config", error.description, do: "correct it; `lofisup check-config` looks again")
        case .success:
            guard let facts = FileAccess(patient.configFile) else {
                return .ok("config", "\(patient.configFile) is not there: every key has its default")
            }
            if facts.mode & 0o002 != 0 {
                let says = "everybody may change \(patient.configFile)"
                return .broken("config", says, do: "chmod o-w '\(patient.configFile)'")
            }
            return .ok("config", "\(patient.configFile) is good")
        }
    }

    private func keys() -> [Finding] {
        patient.config.destinations.filter(\.enabled).compactMap { destination in
            let name = "key"
            if let credential = destination.keyCredential, patient.environment["CREDENTIALS_DIRECTORY"] == nil {
                return .ok(name, "\(destination.name): the unit hands over the credential \(credential)")
            }
            do throws(ConfigError) {
                guard try destination.key(environment: patient.environment) != nil else { return nil }
            } catch {
                return .broken(name, "\(destination.name): \(error)", do: "until then nothing is sent there")
            }
            guard let file = destination.keyFile, let facts = FileAccess(file) else {
                return .ok(name, "\(destination.name): there")
            }
            let owner = FileAccess(patient.paths.stateDirectory)?.ownerID ?? geteuid()
            if facts.ownerID != owner, owner != 0 {
                return .broken(
                    name, "\(destination.name): \(file) belongs to user \(facts.ownerID), the station to \(owner)",
                    do: "chown \(owner) '\(file)', or hand it over with LoadCredential= and key_credential")
            }
            return .ok(name, "\(destination.name): \(file) is for its owner alone")
        }
    }

    private func space() -> Finding {
        let path = existing(patient.paths.stateDirectory)
        guard let free = try? DiskSpace.freeBytes(at: path) else {
            return .degraded("space", "not known how much is free at \(path)", do: "see `df -h '\(path)'`")
        }
        return Self.space(free: free, path: path, reserve: patient.config.buffer.diskReserve)
    }

    static func space(free: Int, path: String, reserve: ByteCount) -> Finding {
        let said = String(format: "%.1f GB are free at %@", Double(free) / 1e9, path)
        if free < 100_000_000 { return .broken("space", said, do: "make room: the station cannot keep its place") }
        if free < reserve.bytes {
            return .degraded(
                "space", said, do: "no new music is made under buffer.disk_reserve = \"\(reserve)\"; make room")
        }
        return .ok("space", said)
    }

    private func speed() -> Finding {
        let path = existing(patient.paths.stateDirectory)
        guard FileAccess(path)?.isWritable == true, (try? DiskSpace.freeBytes(at: path)) ?? 0 > 200_000_000 else {
            return .degraded("disk", "its speed is not measured: no room, or no right to write, at \(path)", do: "-")
        }
        do throws(SystemError) {
            return Self.speed(try DiskSpeed.measure(in: path), path: path)
        } catch { return .broken("disk", "\(error)", do: "see `dmesg` and `df '\(path)'`") }
    }

    /// A generator that is as fast as the synth writes 4 MB a second, the local stream half a megabyte.
    static func speed(_ measured: DiskSpeed, path: String) -> Finding {
        let rate = measured.bytesPerSecond / 1e6
        let said = String(
            format: "%.0f MB/s written and synced at %@, %.1f ms for one fsync; the station needs 5 MB/s", rate, path,
            measured.syncSeconds * 1000)
        if rate < 1 { return .broken("disk", said, do: "put the state directory on another disk") }
        if rate < 5 || measured.syncSeconds > 1 {
            return .degraded("disk", said, do: "generators will wait for the disk; put the state on a faster one")
        }
        return .ok("disk", said)
    }

    private func existing(_ path: String) -> String {
        var path = path
        while path != "/", FileAccess(path) == nil { path = Files.parent(of: path) }
        return path
    }
}
