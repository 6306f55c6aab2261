import Config
import FoundationEssentials
import Glibc
import Platform
import TestSupport
import Testing

@testable import Backends

private let canRunTLS = TestTool.path(of: "nginx") != nil && TestTool.path(of: "openssl") != nil

/// A renderer behind a TLS proxy, set up as its page says.
@Suite("A renderer behind TLS", .timeLimit(.minutes(1)), .enabled(if: canRunTLS, "needs nginx and openssl"))
struct TLSTests {
    @Test func `A certificate of nobody's is refused, and one of the operator's own authority is good`() throws {
        try withTemporaryDirectory { root in
            try RenderServerProcess.run(root: root + "/a") { server in
                try Self.withProxy(root: root, to: server.port) { port in
                    var station = try RemoteStation(root: root + "/station", server)
                    station.renderers[0].url = "https://127.0.0.1:\(port)"
                    let stranger = station.backend()
                    let error = #expect(throws: BackendError.self) {
                        try stranger.prepare(cancellation: Cancellation())
                    }
                    #expect("\(error.map { "\($0)" } ?? "")".contains("one: its certificate is not trusted"))
                    // Nothing came through.
                    station.renderers[0].certificateFile = root + "/certificate.pem"
                    let outcome = try station.render(requests(2, seconds: 5))
                    #expect(outcome.tracks.count == 2)
                    // The same address by a name the certificate does not have.
                    station.renderers[0].url = "https://localhost:\(port)"
                    let other = station.backend()
                    let mismatch = #expect(throws: BackendError.self) {
                        try other.prepare(cancellation: Cancellation())
                    }
                    #expect("\(mismatch.map { "\($0)" } ?? "")".contains("one: its certificate is not trusted"))
                }
            }
        }
    }

    private static func withProxy(root: String, to port: Int, _ body: (Int) throws -> Void) throws {
        try TestTool.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", root + "/key.pem", "-out",
                root + "/certificate.pem", "-days", "2", "-subj", "/CN=renderer", "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
        let front = try Loopback.freePort()
        let config = """
            daemon off; master_process off; pid \(root)/nginx.pid; error_log \(root)/nginx.log;
            events {}
            http {
                access_log off;
                client_body_temp_path \(root)/t1; proxy_temp_path \(root)/t2; fastcgi_temp_path \(root)/t3;
                uwsgi_temp_path \(root)/t4; scgi_temp_path \(root)/t5;
                server {
                    listen 127.0.0.1:\(front) ssl;
                    ssl_certificate \(root)/certificate.pem;
                    ssl_certificate_key \(root)/key.pem;
                    client_max_body_size 1m;
                    location / {
                        proxy_pass http://127.0.0.1:\(port);
                        proxy_read_timeout 60s;
                        proxy_buffering off;
                    }
                }
            }
            """
        try config.write(toFile: root + "/nginx.conf", atomically: true, encoding: .utf8)
        let program = try #require(TestTool.path(of: "nginx"))
        let nginx = try ChildProcess(
            path: program, arguments: ["-c", root + "/nginx.conf", "-p", root], environment: ["PATH": "/usr/bin:/bin"],
            descriptors: [nil, nil, nil], newSession: true)
        defer {
            nginx.signalGroup(SIGKILL)
            _ = nginx.wait(timeoutSeconds: 5)
        }
        try eventually(within: 10, "the proxy listens") { Loopback.accepts(port: front) }
        try body(front)
    }
}
