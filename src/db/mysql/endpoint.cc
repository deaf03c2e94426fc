#include "db/mysql/endpoint.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "db/mysql/option_file.h"

namespace tailwater::mysql {
namespace {

constexpr std::array<std::string_view, 5> kTlsWords = {"disabled", "preferred", "required",
                                                       "verify_ca", "verify_identity"};
constexpr std::string_view kShape =
    "a URL looks like mysql://user@host:3306/database or "
    "mysql://user@localhost/database?socket=/path";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> percent_decode(std::string_view text, std::string_view what) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const bool whole = i + 2 < text.size();
    const int high = whole ? hex_digit(text[i + 1]) : -1;
    const int low = whole ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(ErrorKind::kUserFix,
                  fmt::format("the {} in the URL has a `%` that no two hex digits follow", what),
                  "write a literal % as %25");
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool needs_escape(char c) {
  return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '/');
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (needs_escape(c)) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

Status set_query_key(Endpoint& endpoint, std::string_view key, std::string value) {
  if (key == "tls" || key == "ssl-mode" || key == "ssl_mode" || key == "sslmode") {
    TW_ASSIGN(endpoint.tls, parse_tls_mode(value));
  } else if (key == "tls_ca") {
    endpoint.tls_ca = std::move(value);
  } else if (key == "tls_cert") {
    endpoint.tls_cert = std::move(value);
  } else if (key == "tls_key") {
    endpoint.tls_key = std::move(value);
  } else if (key == "socket") {
    endpoint.socket = std::move(value);
  } else if (key == "password_file") {
    endpoint.password_file = std::move(value);
  } else if (key == "password_command") {
    endpoint.password_command = std::move(value);
  } else if (key == "plugin_dir") {
    endpoint.plugin_folder = std::move(value);
  } else if (key == "connect_timeout") {
    TW_ASSIGN(endpoint.connect_timeout_us, parse_duration_us(value));
  } else if (key == "answer_timeout") {
    TW_ASSIGN(endpoint.answer_timeout_us, parse_duration_us(value));
  } else if (key == "charset") {
    if (to_lower(value) != "utf8mb4") {
      return fail(ErrorKind::kUserFix, fmt::format("charset={} is not possible", value),
                  "Tailwater always speaks utf8mb4 with the server; columns may have any charset");
    }
  } else {
    const std::string near = nearest(
        key, {"tls", "tls_ca", "tls_cert", "tls_key", "socket", "password_file", "password_command",
              "plugin_dir", "connect_timeout", "answer_timeout", "charset"});
    return fail(
        ErrorKind::kUserFix, fmt::format("the URL has an unknown key `{}`", key),
        near.empty()
            ? std::string("known keys: tls, tls_ca, tls_cert, tls_key, socket, "
                          "password_file, password_command, connect_timeout, answer_timeout")
            : fmt::format("did you mean `{}`?", near));
  }
  return {};
}

Status parse_query(Endpoint& endpoint, std::string_view query) {
  if (query.empty()) return {};
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    TW_ASSIGN(std::string decoded, percent_decode(value, key));
    TW_TRY(set_query_key(endpoint, key, std::move(decoded)));
  }
  return {};
}

Status parse_port(Endpoint& endpoint, std::string_view text) {
  const auto port = parse_number(text);
  if (!port.has_value() || *port == 0 || *port > 65535) {
    return fail(ErrorKind::kUserFix, fmt::format("`{}` in the URL is not a port", text),
                "a port is a number from 1 to 65535; 3306 is the usual one");
  }
  endpoint.port = static_cast<uint16_t>(*port);
  return {};
}

// host, host:port, [v6]:port
Status parse_host(Endpoint& endpoint, std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) {
      return fail(ErrorKind::kUserFix, "the URL has `[` without `]`", std::string(kShape));
    }
    endpoint.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return {};
    if (!rest.starts_with(':')) {
      return fail(ErrorKind::kUserFix, "something other than a port follows `]` in the URL",
                  std::string(kShape));
    }
    return parse_port(endpoint, rest.substr(1));
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
    return fail(ErrorKind::kUserFix, "the host in the URL has more than one colon",
                "write an IPv6 address in brackets: mysql://user@[::1]:3306/db");
  }
  TW_ASSIGN(endpoint.host, percent_decode(text.substr(0, colon), "host"));
  if (colon == std::string_view::npos) return {};
  return parse_port(endpoint, text.substr(colon + 1));
}

// One endpoint for each host; the rest they share.
Result<std::vector<Endpoint>> parse_hosts(const Endpoint& shared, std::string_view text) {
  std::vector<Endpoint> endpoints;
  const auto hosts = split(text, ',');
  for (const std::string_view host : hosts) {
    endpoints.push_back(shared);
    TW_TRY(parse_host(endpoints.back(), host));
    if (hosts.size() > 1 && endpoints.back().host.empty()) {
      return fail(ErrorKind::kUserFix, "one of the hosts in the URL has no name",
                  "mysql://user@a:3306,b:3306/db names two servers");
    }
  }
  if (endpoints.size() > 1 && !shared.socket.empty()) {
    return fail(ErrorKind::kUserFix, "the URL has several hosts, and one socket",
                "a socket is of one server: name hosts alone");
  }
  return endpoints;
}

Status parse_user(Endpoint& endpoint, std::string_view text) {
  const size_t colon = text.find(':');
  TW_ASSIGN(endpoint.user, percent_decode(text.substr(0, colon), "user"));
  if (colon != std::string_view::npos) {
    TW_ASSIGN(endpoint.password, percent_decode(text.substr(colon + 1), "password"));
  }
  return {};
}

std::string login_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::string() : std::string(entry->pw_name);
}

Status take_option_file(Endpoint& endpoint, const OptionFile& file) {
  const auto take = [&](std::string& field, std::string_view name) {
    if (field.empty()) field = file.get(name).value_or("");
  };
  // A socket of the file belongs to the file's host: it must not overrule a host of the URL.
  const bool place_is_open = endpoint.host.empty() && endpoint.socket.empty();
  take(endpoint.user, "user");
  if (place_is_open) {
    take(endpoint.host, "host");
    take(endpoint.socket, "socket");
  }
  if (endpoint.port == 0 && place_is_open) {
    if (const auto port = file.get("port")) TW_TRY(parse_port(endpoint, *port));
  }
  const bool has_password = endpoint.password.has_value() || !endpoint.password_file.empty() ||
                            !endpoint.password_command.empty();
  if (!has_password) endpoint.password = file.get("password");
  take(endpoint.tls_ca, "ssl-ca");
  take(endpoint.tls_cert, "ssl-cert");
  take(endpoint.tls_key, "ssl-key");
  const auto mode = file.get("ssl-mode");
  if (mode.has_value() && endpoint.tls == TlsMode::kPreferred) {
    TW_ASSIGN(endpoint.tls, parse_tls_mode(*mode));
  }
  return {};
}

Result<std::string> run_password_command(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return fail(ErrorKind::kIo, "cannot run password_command");
  std::array<char, 4096> chunk;
  size_t got = 0;
  while ((got = fread(chunk.data(), 1, chunk.size(), pipe)) > 0 && out.size() < 65536) {
    out.append(chunk.data(), got);
  }
  const int code = pclose(pipe);
  if (code != 0) {
    return fail(ErrorKind::kRetry,
                fmt::format("password_command ended with status {}", WEXITSTATUS(code)),
                "run the command by hand to see why");
  }
  return out;
}

}  // namespace

std::string_view to_string(TlsMode mode) {
  return kTlsWords[static_cast<size_t>(mode)];
}

Result<TlsMode> parse_tls_mode(std::string_view word) {
  std::string wanted = to_lower(word);
  for (char& c : wanted) c = c == '-' ? '_' : c;
  for (size_t i = 0; i < kTlsWords.size(); ++i) {
    if (wanted == kTlsWords[i]) return static_cast<TlsMode>(i);
  }
  return fail(ErrorKind::kUserFix, fmt::format("`{}` is not a TLS mode", word),
              "use one of disabled, preferred, required, verify_ca, verify_identity");
}

std::string Endpoint::describe() const {
  std::string out = user.empty() ? std::string() : user + "@";
  if (!socket.empty()) {
    out += socket;
  } else {
    const bool v6 = host.find(':') != std::string::npos;
    out += v6 ? fmt::format("[{}]", host) : host.empty() ? std::string("localhost") : host;
    out += fmt::format(":{}", port == 0 ? 3306 : port);
  }
  if (!database.empty()) out += "/" + database;
  return out;
}

std::string Endpoint::redacted() const {
  std::string out = "mysql://" + percent_encode(user);
  if (password.has_value()) out += ":***";
  if (!out.ends_with('/')) out += "@";
  out += host.find(':') != std::string::npos ? fmt::format("[{}]", host) : percent_encode(host);
  if (port != 0) out += fmt::format(":{}", port);
  out += "/" + percent_encode(database);
  char separator = '?';
  const auto add = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out += fmt::format("{}{}={}", separator, key, percent_encode(value));
    separator = '&';
  };
  if (tls != TlsMode::kPreferred) add("tls", to_string(tls));
  add("tls_ca", tls_ca);
  add("tls_cert", tls_cert);
  add("tls_key", tls_key);
  add("socket", socket);
  return out;
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view url) {
  const size_t scheme_end = url.find("://");
  const std::string scheme =
      scheme_end == std::string_view::npos ? "" : to_lower(url.substr(0, scheme_end));
  if (scheme != "mysql" && scheme != "mariadb") {
    return fail(ErrorKind::kUserFix,
                fmt::format("`{}` is not a mysql:// or mariadb:// URL", redact_url(url)),
                std::string(kShape));
  }
  std::string_view rest = url.substr(scheme_end + 3);
  const size_t query_at = rest.find('?');
  const std::string_view query =
      query_at == std::string_view::npos ? "" : rest.substr(query_at + 1);
  rest = rest.substr(0, query_at);
  // The last `@` ends the user part: people forget to escape those of their passwords.
  const size_t at = rest.rfind('@');
  const size_t slash = rest.find('/', at == std::string_view::npos ? 0 : at);
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  const std::string_view authority = rest.substr(0, slash);
  Endpoint endpoint;
  if (at != std::string_view::npos) TW_TRY(parse_user(endpoint, authority.substr(0, at)));
  if (path.find('/') != std::string_view::npos) {
    return fail(ErrorKind::kUserFix,
                fmt::format("the URL names `{}` where one database is expected", path),
                "choose tables with table_include; the URL holds at most one database");
  }
  TW_ASSIGN(endpoint.database, percent_decode(path, "database"));
  TW_TRY(parse_query(endpoint, query));
  return parse_hosts(endpoint, at == std::string_view::npos ? authority : authority.substr(at + 1));
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  TW_ASSIGN(auto endpoints, parse_endpoints(url));
  if (endpoints.size() == 1) return std::move(endpoints.front());
  return fail(
      ErrorKind::kUserFix,
      fmt::format("`{}` names {} servers where one is expected", redact_url(url), endpoints.size()),
      "name one of them");
}

std::string redact_url(std::string_view url) {
  const size_t scheme_end = url.find("://");
  const size_t from = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const size_t query = std::min(url.find('?', from), url.size());
  const size_t at = url.substr(0, query).rfind('@');
  const size_t colon = url.find(':', from);
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) {
    return std::string(url);
  }
  return fmt::format("{}***{}", url.substr(0, colon + 1), url.substr(at));
}

Surroundings Surroundings::of_process() {
  return {[](const char* name) -> std::optional<std::string> {
            const char* value = std::getenv(name);
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          &FileSystem::posix()};
}

Status complete_endpoint(Endpoint& endpoint, const Surroundings& surroundings) {
  const bool has_password = endpoint.password.has_value() || !endpoint.password_file.empty() ||
                            !endpoint.password_command.empty();
  for (const char* name : {"TAILWATER_MYSQL_PASSWORD", "MYSQL_PWD"}) {
    if (!has_password && !endpoint.password.has_value())
      endpoint.password = surroundings.variable(name);
  }
  if (const auto home = surroundings.variable("HOME")) {
    const std::string path = join_path(*home, ".my.cnf");
    TW_ASSIGN(const bool exists, surroundings.files->exists(path));
    if (exists) {
      TW_ASSIGN(const std::string text, read_file(*surroundings.files, path, 1 << 20));
      const OptionFile file(text, {"client", "client-mariadb", "tailwater"});
      if (auto status = take_option_file(endpoint, file); !status.has_value()) {
        return fail(std::move(status).error().in(path));
      }
    }
  }
  if (endpoint.user.empty()) endpoint.user = login_name();
  if (endpoint.host.empty()) endpoint.host = "localhost";
  if (endpoint.host == "localhost" && endpoint.port == 0 && endpoint.socket.empty()) {
    for (const std::string_view path : kDefaultSockets) {
      TW_ASSIGN(const bool exists, surroundings.files->exists(std::string(path)));
      if (exists && endpoint.socket.empty()) endpoint.socket = path;
    }
  }
  if (endpoint.port == 0) endpoint.port = 3306;
  return {};
}

Result<Endpoint> current_endpoint(const Endpoint& endpoint) {
  Endpoint current = endpoint;
  if (!endpoint.refresh) return current;
  TW_ASSIGN(const ServerAddress address, endpoint.refresh());
  const auto over = [](std::string& target, const std::string& value) {
    if (!value.empty()) target = value;
  };
  const bool elsewhere = !address.host.empty() || address.port != 0;
  if (elsewhere) current.socket.clear();
  over(current.host, address.host);
  if (address.port != 0) current.port = address.port;
  over(current.socket, address.socket);
  over(current.user, address.user);
  if (address.password) current.password = address.password;
  return current;
}

Result<std::string> current_password(const Endpoint& endpoint, FileSystem& files) {
  if (endpoint.password.has_value()) return *endpoint.password;
  std::string text;
  if (!endpoint.password_file.empty()) {
    auto read = read_file(files, endpoint.password_file, 65536);
    if (!read.has_value()) {
      return fail(ErrorKind::kUserFix, "cannot read password_file: " + read.error().message,
                  "the file holds the password and nothing else");
    }
    text = std::move(*read);
  } else if (!endpoint.password_command.empty()) {
    TW_ASSIGN(text, run_password_command(endpoint.password_command));
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace tailwater::mysql
