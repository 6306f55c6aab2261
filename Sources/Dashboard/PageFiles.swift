internal import Domain
internal import FoundationEssentials

/// The page's own files, which are inside the binary.
struct PageFiles: Sendable {
    struct File: Sendable {
        let type: String
        let data: Data
    }

    private let files: [String: File]

    /// - Parameter bands: written into the page, which draws them.
    init(bands: HealthBands) {
        let hours = [bands.emergencyHours, bands.criticalHours, bands.warningHours, bands.healthyHours]
        let page = String(decoding: PackageResources.index_html, as: UTF8.self)
            .replacing("{{bands}}", with: hours.map { "\($0)" }.joined(separator: ","))
        files = [
            "/": File(type: "text/html; charset=utf-8", data: Data(page.utf8)),
            "/style.css": File(type: "text/css; charset=utf-8", data: Data(PackageResources.style_css)),
            "/page.js": File(type: "text/javascript; charset=utf-8", data: Data(PackageResources.page_js)),
            "/player.js": File(type: "text/javascript; charset=utf-8", data: Data(PackageResources.player_js)),
            "/fmp4.js": File(type: "text/javascript; charset=utf-8", data: Data(PackageResources.fmp4_js)),
            "/icon.svg": File(type: "image/svg+xml", data: Data(PackageResources.icon_svg)),
        ]
    }

    subscript(path: String) -> File? { files[path] }
}
