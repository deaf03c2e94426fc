#include "db/mysql/endpoint.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/mysql/option_file.h"

namespace tailwater::mysql {
namespace {

using testing::HasSubstr;
using testing::Not;

// The surroundings of a test: variables from a map, files from the machine.
Surroundings with_variables(std::map<std::string, std::string> variables) {
  return {[variables = std::move(variables)](const char* name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
          },
          &FileSystem::posix()};
}

class Home {
 public:
  explicit Home(std::string_view my_cnf) {
    path_ = testing::TempDir() + "tailwater-home-XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    EXPECT_TRUE(replace_file(FileSystem::posix(), path_ + "/.my.cnf", my_cnf).has_value());
  }
  ~Home() {
    (void)FileSystem::posix().remove(path_ + "/.my.cnf");
    rmdir(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ParseEndpoint, ReadsAllParts) {
  const auto endpoint =
      parse_endpoint("mysql://app:s%40crt@db.example:3307/sh%6fp?tls=verify-ca&tls_ca=/ca.pem");
  ASSERT_TRUE(endpoint.has_value()) << endpoint.error().describe();
  EXPECT_EQ(endpoint->user, "app");
  EXPECT_EQ(endpoint->password, "s@crt");
  EXPECT_EQ(endpoint->host, "db.example");
  EXPECT_EQ(endpoint->port, 3307);
  EXPECT_EQ(endpoint->database, "shop");
  EXPECT_EQ(endpoint->tls, TlsMode::kVerifyCa);
  EXPECT_EQ(endpoint->tls_ca, "/ca.pem");
}

TEST(ParseEndpoint, ReadsTheShortestForms) {
  EXPECT_EQ(parse_endpoint("MariaDB://db")->host, "db");
  EXPECT_EQ(parse_endpoint("mysql://db/")->database, "");
  EXPECT_EQ(parse_endpoint("mysql://me@db")->password, std::nullopt);
  EXPECT_EQ(parse_endpoint("mysql://me:@db")->password, "");
  EXPECT_EQ(parse_endpoint("mysql:///shop")->database, "shop");
}

TEST(ParseEndpoint, ReadsIpv6AndSockets) {
  const auto v6 = parse_endpoint("mysql://me@[fe80::1]:3310/db");
  EXPECT_EQ(v6->host, "fe80::1");
  EXPECT_EQ(v6->port, 3310);
  EXPECT_EQ(v6->describe(), "me@[fe80::1]:3310/db");
  EXPECT_EQ(parse_endpoint("mysql://me@[::1]")->host, "::1");
  const auto local = parse_endpoint("mysql://me@localhost/db?socket=/tmp/a%20b.sock");
  EXPECT_EQ(local->socket, "/tmp/a b.sock");
  EXPECT_EQ(local->describe(), "me@/tmp/a b.sock/db");
}

TEST(ParseEndpoint, ReadsSeveralHosts) {
  const auto three =
      parse_endpoints("mysql://me:a,b@one,two:3307,[fe80::1]:3308/shop?tls=verify_identity");
  ASSERT_TRUE(three.has_value()) << three.error().describe();
  ASSERT_EQ(three->size(), 3U);
  EXPECT_EQ((*three)[0].describe(), "me@one:3306/shop");
  EXPECT_EQ((*three)[1].describe(), "me@two:3307/shop");
  EXPECT_EQ((*three)[2].describe(), "me@[fe80::1]:3308/shop");
  for (const Endpoint& each : *three) {
    EXPECT_EQ(each.password, "a,b");
    EXPECT_EQ(each.tls, TlsMode::kVerifyIdentity);
  }
  EXPECT_EQ(parse_endpoints("mysql:///shop?socket=/s")->size(), 1U);
  EXPECT_EQ(parse_endpoints("mysql://me:hunter2@a,b/")->size(), 2U);
  for (const char* wrong :
       {"mysql://a,/", "mysql://,b", "mysql://a,b:x/", "mysql://a,b?socket=/s"}) {
    EXPECT_FALSE(parse_endpoints(wrong).has_value()) << wrong;
  }
  const auto one = parse_endpoint("mysql://me:hunter2@a,b/");
  ASSERT_FALSE(one.has_value());
  EXPECT_THAT(one.error().describe(), Not(HasSubstr("hunter2")));
}

TEST(ParseEndpoint, TakesAnUnescapedAtInThePassword) {
  const auto endpoint = parse_endpoint("mysql://me:p@ss@host/db");
  EXPECT_EQ(endpoint->password, "p@ss");
  EXPECT_EQ(endpoint->host, "host");
}

TEST(ParseEndpoint, RefusesWhatIsWrongAndSaysWhy) {
  const auto message = [](std::string_view url) {
    const auto endpoint = parse_endpoint(url);
    EXPECT_FALSE(endpoint.has_value()) << url;
    return endpoint.has_value() ? std::string() : endpoint.error().describe();
  };
  EXPECT_THAT(message("postgres://a@b/c"), HasSubstr("not a mysql://"));
  EXPECT_THAT(message("mysql//x"), HasSubstr("not a mysql://"));
  EXPECT_THAT(message("mysql://h:99999/"), HasSubstr("not a port"));
  EXPECT_THAT(message("mysql://h:x/"), HasSubstr("not a port"));
  EXPECT_THAT(message("mysql://::1/db"), HasSubstr("brackets"));
  EXPECT_THAT(message("mysql://[::1/db"), HasSubstr("without `]`"));
  EXPECT_THAT(message("mysql://[::1]x/db"), HasSubstr("follows"));
  EXPECT_THAT(message("mysql://a%4@h/"), HasSubstr("%25"));
  EXPECT_THAT(message("mysql://h/a/b"), HasSubstr("one database"));
  EXPECT_THAT(message("mysql://h/?tlss=required"), HasSubstr("did you mean `tls`"));
  EXPECT_THAT(message("mysql://h/?tls=maybe"), HasSubstr("verify_identity"));
  EXPECT_THAT(message("mysql://h/?charset=latin1"), HasSubstr("utf8mb4"));
  EXPECT_THAT(message("mysql://h/?connect_timeout=5"), HasSubstr("5"));
}

TEST(ParseEndpoint, NeverTellsThePassword) {
  for (const char* url : {"mysql://me:hunter2@h:99999/", "mysql://me:hunter2@h/?x=y",
                          "mysq://me:hunter2@h/", "me:hunter2@h/", "mysql://me:hunter2@::1/"}) {
    const auto endpoint = parse_endpoint(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_THAT(endpoint.error().describe(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(redact_url(url), Not(HasSubstr("hunter2")));
  }
  const auto endpoint = parse_endpoint("mysql://me:hunter2@h:3307/db?tls=required");
  EXPECT_EQ(endpoint->redacted(), "mysql://me:***@h:3307/db?tls=required");
  EXPECT_THAT(endpoint->describe(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(redact_url("mysql://h:3306/db"), "mysql://h:3306/db");
}

TEST(CompleteEndpoint, PrefersTheUrlThenTheEnvironmentThenTheFile) {
  const Home home("[client]\nuser = filed\npassword = \"from file\"\nhost = far\nport=3399\n");
  auto from_url = parse_endpoint("mysql://u:url@h/").value();
  const auto both = with_variables({{"HOME", home.path()}, {"MYSQL_PWD", "env"}});
  ASSERT_TRUE(complete_endpoint(from_url, both).has_value());
  EXPECT_EQ(from_url.password, "url");
  EXPECT_EQ(from_url.host, "h");
  EXPECT_EQ(from_url.port, 3306);

  auto from_environment = parse_endpoint("mysql://u@h/").value();
  ASSERT_TRUE(complete_endpoint(from_environment, both).has_value());
  EXPECT_EQ(from_environment.password, "env");

  Endpoint from_file;
  ASSERT_TRUE(complete_endpoint(from_file, with_variables({{"HOME", home.path()}})).has_value());
  EXPECT_EQ(from_file.password, "from file");
  EXPECT_EQ(from_file.user, "filed");
  EXPECT_EQ(from_file.host, "far");
  EXPECT_EQ(from_file.port, 3399);
}

TEST(CompleteEndpoint, AnExplicitPasswordSourceBeatsTheSurroundings) {
  const Home home("[client]\npassword=file\n");
  auto endpoint = parse_endpoint("mysql://u@h/?password_command=echo%20command").value();
  const auto surroundings = with_variables({{"HOME", home.path()}, {"MYSQL_PWD", "env"}});
  ASSERT_TRUE(complete_endpoint(endpoint, surroundings).has_value());
  EXPECT_EQ(current_password(endpoint, FileSystem::posix()).value(), "command");
}

TEST(CompleteEndpoint, TheFilesSocketDoesNotOverruleTheUrlsHost) {
  const Home home("[client]\nsocket=/run/other.sock\n");
  const auto surroundings = with_variables({{"HOME", home.path()}});
  auto endpoint = parse_endpoint("mysql://u@far/").value();
  ASSERT_TRUE(complete_endpoint(endpoint, surroundings).has_value());
  EXPECT_EQ(endpoint.socket, "");
  Endpoint open;
  ASSERT_TRUE(complete_endpoint(open, surroundings).has_value());
  EXPECT_EQ(open.socket, "/run/other.sock");
}

TEST(CurrentPassword, ReadsFilesAndCommandsAnew) {
  const Home home("first\n");
  Endpoint endpoint;
  endpoint.password_file = home.path() + "/.my.cnf";
  EXPECT_EQ(current_password(endpoint, FileSystem::posix()).value(), "first");
  ASSERT_TRUE(replace_file(FileSystem::posix(), endpoint.password_file, "second").has_value());
  EXPECT_EQ(current_password(endpoint, FileSystem::posix()).value(), "second");
  endpoint.password_file = "/no/such/file";
  EXPECT_EQ(current_password(endpoint, FileSystem::posix()).error().kind, ErrorKind::kUserFix);
  endpoint.password_file.clear();
  endpoint.password_command = "exit 3";
  EXPECT_THAT(current_password(endpoint, FileSystem::posix()).error().message,
              HasSubstr("status 3"));
}

TEST(OptionFile, ReadsSectionsQuotesEscapesAndComments) {
  const OptionFile file(
      "# comment\n[mysqld]\nuser=server\n[client]\nuser = me\npassword='a#b ' # why\nssl_ca=/x y\n"
      "skip-ssl\nhost=h # far\n[tailwater]\nuser=tail\\sed\n[client]\nuser=again\n!include "
      "/etc/x\n",
      {"client", "tailwater"});
  EXPECT_EQ(file.get("user"), "tail ed");
  EXPECT_EQ(file.get("password"), "a#b ");
  EXPECT_EQ(file.get("ssl-ca"), "/x y");
  EXPECT_EQ(file.get("host"), "h");
  EXPECT_EQ(file.get("skip-ssl"), std::nullopt);
  const OptionFile broken("[client\n=\n[\n]\nx", {"client"});
  EXPECT_EQ(broken.get("x"), std::nullopt);
}

}  // namespace
}  // namespace tailwater::mysql
